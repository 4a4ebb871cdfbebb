"""A map as named arrays, and back, with nothing believed that could not be true."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import astuple, fields

import numpy as np

from mem4d_ros.geometry import ImageTransform
from mem4d_ros.mapping.drift import FIRST_LOOKS, LAST_LOOKS, ScaleDrift
from mem4d_ros.mapping.keyframes import DenseView, Keyframe, Map
from mem4d_ros.mapping.landmarks import Landmarks
from mem4d_ros.mapping.sharpness import sharpness

Shape = tuple[int | str, ...]
"""A letter is a length that is the same wherever it stands."""

LANDMARK_ARRAYS: Mapping[str, tuple[type, Shape]] = {
    name: (column.dtype.type, ("N", *column.shape[1:]))
    for name, column in vars(Landmarks()).items()
    if name != "sharpness"
}
"""How sharply they are seen is not stored: it is in the images."""
KEYFRAME_ARRAYS: Mapping[str, tuple[type, Shape]] = {
    "image": (np.uint8, ("H", "W")),
    "camera_to_world": (np.float64, (4, 4)),
    "log_scale": (np.float64, ()),
    "landmarks": (np.int64, ("n",)),
    "pixels": (np.float64, ("n", 2)),
    "descriptors": (np.uint8, ("n", 32)),
    "covariance": (np.float64, (6, 6)),
    "dense_depth": (np.float16, ("h", "w")),
    "dense_image": (np.uint8, ("h", "w", 3)),
    "dense_transform": (np.float64, (len(fields(ImageTransform)),)),
}
PLACE: Mapping[str, tuple[type, Shape]] = {"place": (np.float32, ("C",))}
"""Of keyframes that have it."""
LOOP_ARRAYS: Mapping[str, tuple[type, Shape]] = {"joined": (np.int64, ("L", 2))}
"""Of maps in which a loop has closed."""
VISIT_ARRAYS: Mapping[str, tuple[type, Shape]] = {"begins": (np.int64, ("V",))}
"""Of maps that the camera has come back to from somewhere else."""
LOOK_ARRAYS: Mapping[str, tuple[type, Shape]] = {
    "log_first": (np.float64, ("F",)),
    "log_last": (np.float64, ("G",)),
}
"""Of maps whose metre has been compared with the network's own (`drift.py`)."""
MAY_BE_NAN = ("log_prior", "dense_depth")
LARGEST_LOG = 30.0
"""Of any depth, scale or size in metres."""
RIGID = 1e-6


class NotAMap(Exception):  # noqa: N818
    """Arrays that are no map; the message says why."""


def to_arrays(world: Map) -> dict[str, np.ndarray]:
    """Every number of a map, by name."""
    arrays = {f"landmarks/{name}": getattr(world.landmarks, name) for name in LANDMARK_ARRAYS}
    for number, keyframe in world.keyframes.items():
        for name, value in _of(keyframe).items():
            arrays[f"keyframes/{number}/{name}"] = np.array(value, order="C")
    if world.joined:
        arrays["loops/joined"] = np.array(world.joined, np.int64)
    if len(world.begins) > 1:
        arrays["visits/begins"] = np.array(world.begins, np.int64)
    if world.drift.last:
        arrays["looks/log_first"] = np.array(world.drift.first)
        arrays["looks/log_last"] = np.array(world.drift.last)
    return arrays


def from_arrays(arrays: Mapping[str, np.ndarray], height: int, width: int) -> Map:
    """The map of a camera with images of this size. Raises NotAMap."""
    groups: dict[str, dict[str, np.ndarray]] = defaultdict(dict)
    for name, values in arrays.items():
        group, _, entry = name.rpartition("/")
        groups[group][entry] = values
    columns = groups.pop("landmarks", {})
    _check(columns, LANDMARK_ARRAYS, "landmarks", {})
    world = Map(landmarks=Landmarks())
    vars(world.landmarks).update(columns)
    if "loops" in groups:
        loops = groups.pop("loops")
        _check(loops, LOOP_ARRAYS, "loops", {})
        world.joined = tuple((old, new) for old, new in loops["joined"].tolist())
    visits = groups.pop("visits", None)
    if visits is not None:
        _check(visits, VISIT_ARRAYS, "visits", {})
    if "looks" in groups:
        looks = groups.pop("looks")
        _check(looks, LOOK_ARRAYS, "looks", {})
        world.drift = ScaleDrift(looks["log_first"].tolist(), looks["log_last"].tolist())
    numbered = {_number(group): group for group in groups}
    for number in sorted(numbered):
        group = numbered[number]
        expected = {**KEYFRAME_ARRAYS, **(PLACE if "place" in groups[group] else {})}
        _check(groups[group], expected, group, {"H": height, "W": width})
        world.keyframes[number] = _keyframe(number, groups[group], group)
    if world.keyframes:
        world.next_number, world.begins = max(world.keyframes) + 1, (min(world.keyframes),)
    if visits is not None:
        world.begins = tuple(visits["begins"].tolist())
    _check_whole(world)
    _look(world)
    return world


def _look(world: Map) -> None:
    """See how sharply landmarks are seen in the images of their hosts."""
    table = world.landmarks
    table.sharpness = np.empty((len(table), 2, 2))
    for number, keyframe in world.keyframes.items():
        own = table.host == number
        table.sharpness[own] = sharpness(keyframe.image, table.pixel[own])


def check_rigid(pose: np.ndarray, name: str) -> None:
    """Raises NotAMap for a matrix (4, 4) that is no rigid motion."""
    rotation = pose[:3, :3]
    is_turn = (
        np.abs(rotation.T @ rotation - np.eye(3)).max() < RIGID and np.linalg.det(rotation) > 0
    )
    if not is_turn or (pose[3] != (0, 0, 0, 1)).any() or np.abs(pose).max() > np.exp(LARGEST_LOG):
        raise NotAMap(f"{name} is no pose")


def _of(keyframe: Keyframe) -> dict[str, np.ndarray]:
    dense = keyframe.dense
    return {
        **{name: np.asarray(getattr(keyframe, name)) for name in list(KEYFRAME_ARRAYS)[:7]},
        "dense_depth": dense.depth,
        "dense_image": dense.image,
        "dense_transform": np.array(astuple(dense.transform), np.float64),
        **({} if keyframe.place is None else {"place": keyframe.place}),
    }


def _keyframe(number: int, arrays: Mapping[str, np.ndarray], name: str) -> Keyframe:
    check_rigid(arrays["camera_to_world"], f"{name}/camera_to_world")
    scale_x, scale_y, *rest = arrays["dense_transform"].tolist()
    transform = ImageTransform(scale_x, scale_y, *(int(value) for value in rest))
    height, width = arrays["image"].shape
    sizes = (width, height, *arrays["dense_depth"].shape[::-1])
    if not (min(scale_x, scale_y) > 0 and astuple(transform)[4:] == sizes):
        raise NotAMap(f"{name}/dense_transform does not fit its images")
    return Keyframe(
        number=number,
        image=arrays["image"],
        camera_to_world=arrays["camera_to_world"],
        log_scale=float(arrays["log_scale"]),
        landmarks=arrays["landmarks"],
        pixels=arrays["pixels"],
        descriptors=arrays["descriptors"],
        covariance=arrays["covariance"],
        dense=DenseView(arrays["dense_depth"], arrays["dense_image"], transform),
        place=arrays.get("place"),
    )


def _check(
    arrays: Mapping[str, np.ndarray],
    expected: Mapping[str, tuple[type, Shape]],
    group: str,
    lengths: dict[str, int],
) -> None:
    """Names, types, shapes, and that numbers are numbers."""
    if arrays.keys() != expected.keys():
        differing = sorted(arrays.keys() ^ expected.keys())
        raise NotAMap(f"{group}/{differing[0]} is missing, or should not be there")
    for name, (kind, shape) in expected.items():
        values = arrays[name]
        if values.dtype.type is not kind or values.ndim != len(shape):
            raise NotAMap(f"{group}/{name} is {values.dtype} of the shape {values.shape}")
        for length, wanted in zip(values.shape, shape, strict=True):
            known = lengths.setdefault(wanted, length) if isinstance(wanted, str) else wanted
            if length != known:
                raise NotAMap(f"{group}/{name} has the shape {values.shape}")
        if name not in MAY_BE_NAN and not np.isfinite(values).all():
            raise NotAMap(f"{group}/{name} is not finite")
        if name.startswith("log") and (np.abs(values) > LARGEST_LOG).any():
            raise NotAMap(f"{group}/{name} is beyond all bounds")


def _check_whole(world: Map) -> None:
    """What refers to something refers to something that is there."""
    if not world.keyframes:
        raise NotAMap("it has no keyframes")
    table = world.landmarks
    if not np.isin(table.host, list(world.keyframes)).all():
        raise NotAMap("landmarks/host names keyframes that are not there")
    if (table.variance < 0).any() or (np.abs(table.pixel) > 1e6).any():
        raise NotAMap("landmarks are beyond all bounds")
    looks = len(world.drift.first), len(world.drift.last)
    if max(looks) > 0 and not (min(looks) > 0 and max(looks) <= max(FIRST_LOOKS, LAST_LOOKS)):
        raise NotAMap("looks are too few, or too many")
    if not world.keyframes.keys() >= {number for pair in world.joined for number in pair}:
        raise NotAMap("loops/joined names keyframes that are not there")
    begins = world.begins
    if not begins or begins[0] < 0 or any(a >= b for a, b in itertools.pairwise(begins)):
        raise NotAMap("visits/begins is not in order")
    for number, keyframe in world.keyframes.items():
        seen = keyframe.landmarks
        if len(seen) and not (seen.min() >= 0 and seen.max() < len(table)):
            raise NotAMap(f"keyframes/{number}/landmarks names landmarks that are not there")
        if len(np.unique(seen)) != len(seen):
            raise NotAMap(f"keyframes/{number}/landmarks names landmarks twice")


def _number(group: str) -> int:
    kind, _, number = group.partition("/")
    if kind != "keyframes" or not number.isdecimal() or str(int(number)) != number:
        raise NotAMap(f"{group!r} is nothing that maps have")
    return int(number)
