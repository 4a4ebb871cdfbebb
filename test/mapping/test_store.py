"""A map that was saved comes back as it was; one that was damaged does not come back at all."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_up_maps import CAMERA, made_up_map
from safetensors.numpy import load_file, save_file

from mem4d_ros.mapping import store
from mem4d_ros.mapping.keyframes import Keyframe
from mem4d_ros.mapping.store import MapCamera, MapError, StoredMap, load_map, save_map


def same(first: object, second: object) -> bool:
    """Whether two values are equal to the bit, types included."""
    if isinstance(first, np.ndarray):
        assert isinstance(second, np.ndarray)
        return first.dtype == second.dtype and np.array_equal(
            first, second, first.dtype.kind == "f"
        )
    if hasattr(first, "__dict__"):
        return type(first) is type(second) and same(vars(first), vars(second))
    if isinstance(first, dict):
        assert isinstance(second, dict)
        return list(first) == list(second) and all(same(first[k], second[k]) for k in first)
    return type(first) is type(second) and first == second


@given(seed=st.integers(0, 10_000), keyframes=st.integers(1, 6), new=st.integers(0, 8))
@settings(max_examples=15, deadline=None)
def test_a_map_comes_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, seed: int, keyframes: int, new: int
) -> None:
    stored = made_up_map(seed, keyframes, new)
    folder = tmp_path_factory.mktemp("maps") / "a.map"
    save_map(folder, stored)
    assert same(load_map(folder), stored)


def test_every_field_of_a_keyframe_is_stored(tmp_path: Path) -> None:
    """A field that is forgotten would come back as its default."""
    stored = made_up_map(0)
    save_map(tmp_path / "a.map", stored)
    names = {name.rpartition("/")[2] for name in load_file(arrays_of(tmp_path / "a.map"))}
    for field in fields(Keyframe):
        if field.name not in ("number", "told"):  # an odometry begins anew with each run
            assert any(name.startswith(field.name) for name in names)


def test_a_map_is_replaced_by_the_newer_one(tmp_path: Path) -> None:
    for seed in range(3):
        save_map(tmp_path, made_up_map(seed))
        assert same(load_map(tmp_path), made_up_map(seed))
        assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("failing", ["save_file", "write_text"])
def test_what_is_written_badly_is_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    """As where the disk is full, over an older map and where there is none."""
    folder, old = tmp_path / "a.map", made_up_map(0)
    save_map(folder, old)

    def fail(*args: object) -> None:
        if failing == "save_file":
            Path(str(args[1])).write_text("some of it")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store, failing, fail)
    for place in (folder, tmp_path / "b.map"):
        with pytest.raises(MapError, match="No space left"):
            save_map(place, made_up_map(1))
    assert not (tmp_path / "b.map").exists()
    assert same(load_map(folder), old)
    assert len(list(folder.iterdir())) == 2


def test_a_process_killed_while_it_writes_leaves_the_old_map(tmp_path: Path) -> None:
    old = made_up_map(0)
    save_map(tmp_path, old)
    child = os.fork()
    if child == 0:  # dies where the new description would take the old one's place
        store.write_text = lambda *_: os._exit(9)  # type: ignore[assignment]
        save_map(tmp_path, made_up_map(1))
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    assert len(list(tmp_path.iterdir())) == 3
    assert same(load_map(tmp_path), old)
    save_map(tmp_path, made_up_map(2))  # and does not get in the way
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("name", ["notes.txt", "map.json"])
def test_nothing_else_is_written_over(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text('{"mine": 1}')
    with pytest.raises(MapError, match="holds no map: choose another name"):
        save_map(tmp_path, made_up_map(0))
    assert (tmp_path / name).read_text() == '{"mine": 1}'
    assert len(list(tmp_path.iterdir())) == 1


def arrays_of(folder: Path) -> Path:
    (path,) = folder.glob("*.safetensors")
    return path


def describe(folder: Path, change: Callable[[dict], None]) -> None:
    path = folder / "map.json"
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def rewrite(folder: Path, change: Callable[[dict], None]) -> None:
    """Change the arrays, with a checksum that is right again."""
    path = arrays_of(folder)
    arrays = load_file(path)
    change(arrays)
    save_file(arrays, path)
    said = {"file": path.name, "bytes": path.stat().st_size, "sha256": store._sha256(path)}
    describe(folder, lambda content: content.update(arrays=said))


def keyframe(arrays: dict, name: str) -> str:
    return next(key for key in arrays if key.startswith("keyframes") and key.endswith(f"/{name}"))


def cut_off(folder: Path) -> None:
    path = arrays_of(folder)
    path.write_bytes(path.read_bytes()[:-100])


def flip(folder: Path) -> None:
    path = arrays_of(folder)
    content = bytearray(path.read_bytes())
    content[-50] ^= 1
    path.write_bytes(content)


def link_out(folder: Path) -> None:
    path = arrays_of(folder)
    path.rename(folder.parent / "elsewhere.safetensors")
    path.symlink_to(folder.parent / "elsewhere.safetensors")


def name_out(folder: Path) -> None:
    arrays_of(folder).rename(folder.parent / "elsewhere.safetensors")
    describe(folder, lambda d: d["arrays"].update(file="../elsewhere.safetensors"))


def put(name: str, change: Callable[[np.ndarray], np.ndarray]) -> Callable[[Path], None]:
    """Changes an array: of the landmarks, or of the first keyframe."""

    def damage(folder: Path) -> None:
        def inner(arrays: dict) -> None:
            key = f"landmarks/{name}" if f"landmarks/{name}" in arrays else keyframe(arrays, name)
            arrays[key] = np.ascontiguousarray(change(arrays[key]))

        rewrite(folder, inner)

    return damage


def filled(value: float) -> Callable[[np.ndarray], np.ndarray]:
    return lambda values: np.full_like(values, value)


def looks(first: int, last: int, value: float = 0.0) -> Callable[[Path], None]:
    """So many logs of looks, of that value."""
    arrays = {"looks/log_first": np.full(first, value), "looks/log_last": np.full(last, value)}
    return lambda folder: rewrite(folder, lambda a: a.update(arrays))


def begins(*numbers: int) -> Callable[[Path], None]:
    """Visits that begin with these keyframes."""
    return lambda f: rewrite(f, lambda a: a.update({"visits/begins": np.array(numbers, np.int64)}))


DAMAGES: dict[str, tuple[Callable[[Path], None], str]] = {
    "no folder": (lambda f: f.rename(f.parent / "b"), "holds no map"),
    "no description": (lambda f: (f / "map.json").unlink(), "map.json is missing"),
    "no arrays": (lambda f: arrays_of(f).unlink(), "is missing"),
    "cut off": (cut_off, "bytes instead of"),
    "a flipped bit": (flip, "checksum of arrays"),
    "a link": (link_out, "is a link"),
    "a path": (name_out, "is no name of a file"),
    "a cut description": (lambda f: (f / "map.json").write_text("{"), "is no JSON"),
    "a list": (lambda f: (f / "map.json").write_text("[]"), "is no table"),
    "deep": (lambda f: (f / "map.json").write_text("[" * 90_000), "is no JSON"),
    "a large description": (lambda f: (f / "map.json").write_text(" " * 200_000), "is no file"),
    "another format": (lambda f: describe(f, lambda d: d.update(format="x")), "describes no map"),
    "a later version": (lambda f: describe(f, lambda d: d.update(version=2)), "of version 2"),
    "no camera": (lambda f: describe(f, lambda d: d.pop("camera")), "has no 'camera'"),
    "counts": (lambda f: describe(f, lambda d: d["counts"].update(keyframes=9)), "it counts"),
    "a size": (lambda f: describe(f, lambda d: d["camera"].update(width=65)), "has the shape"),
    "a huge size": (lambda f: describe(f, lambda d: d["camera"].update(width=1e400)), "damaged"),
    "intrinsics": (
        lambda f: describe(f, lambda d: d["camera"].update(intrinsics=[[1, 2], [3]])),
        "damaged",
    ),
    "no focal length": (
        lambda f: describe(f, lambda d: d["camera"]["intrinsics"][0].__setitem__(0, -5.0)),
        "intrinsics are none",
    ),
    "provenance": (lambda f: describe(f, lambda d: d.update(provenance=3)), "damaged"),
    "a frame": (
        lambda f: describe(f, lambda d: d.update(frame_from_world=np.ones((4, 4)).tolist())),
        "frame_from_world is no pose",
    ),
    "no array": (lambda f: rewrite(f, lambda a: a.pop(keyframe(a, "pixels"))), "is missing"),
    "one more": (lambda f: rewrite(f, lambda a: a.update(x=np.zeros(1))), "nothing that maps have"),
    "no keyframes": (
        lambda f: rewrite(f, lambda a: [a.pop(k) for k in list(a) if k.startswith("keyframes")]),
        "has no keyframes",
    ),
    "another type": (put("pixels", lambda v: v.astype(np.float32)), "pixels is float32"),
    "another shape": (put("descriptors", lambda v: v[:, :16]), "descriptors has the shape"),
    "a row less": (put("host", lambda v: v[:-1]), "has the shape"),
    "another image": (put("image", lambda v: v[:-1]), "image has the shape"),
    "NaN in a pose": (put("camera_to_world", filled(np.nan)), "camera_to_world is not finite"),
    "no pose": (put("camera_to_world", filled(1.0)), "camera_to_world is no pose"),
    "NaN in depth": (put("log_inverse", filled(np.nan)), "log_inverse is not finite"),
    "a depth of 1e300": (put("log_inverse", filled(690.0)), "beyond all bounds"),
    "no variance": (put("variance", filled(-1.0)), "beyond all bounds"),
    "no host": (put("host", filled(1000)), "host names keyframes"),
    "no landmark": (put("landmarks", filled(1000)), "names landmarks that are not there"),
    "landmarks below 0": (put("landmarks", filled(-1)), "names landmarks that are not there"),
    "landmarks twice": (put("landmarks", filled(0)), "names landmarks twice"),
    "no loop": (
        lambda f: rewrite(f, lambda a: a["loops/joined"].__setitem__((0, 0), 1000)),
        "joined names keyframes that are not there",
    ),
    "looks of which nothing is known": (looks(0, 2), "looks are too few, or too many"),
    "too many looks": (looks(10, 11), "looks are too few, or too many"),
    "looks at infinity": (looks(2, 2, np.inf), "looks/log_first is not finite"),
    "visits in disorder": (begins(0, 5, 5), "visits/begins is not in order"),
    "no visit": (begins(), "visits/begins is not in order"),
    "half a loop": (
        lambda f: rewrite(f, lambda a: a.update({"loops/joined": np.zeros((1, 1), np.int64)})),
        "loops/joined has the shape",
    ),
    "another crop": (put("dense_transform", filled(3.0)), "does not fit its images"),
    "an infinite crop": (put("dense_transform", filled(np.inf)), "is not finite"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_map_is_one_clear_error(tmp_path: Path, damage: str) -> None:
    folder = tmp_path / "a.map"
    save_map(folder, made_up_map(0))
    spoil, reason = DAMAGES[damage]
    spoil(folder)
    with pytest.raises(MapError, match=reason) as caught:
        load_map(folder)
    message = str(caught.value)
    assert str(folder) in message
    assert "\n" not in message
    assert ("copy it again" in message) or ("name a folder" in message) or ("use the" in message)


def focal(change: float) -> MapCamera:
    return replace(CAMERA, intrinsics=np.diag([change, 1, 1]) @ CAMERA.intrinsics)


def test_a_camera_is_like_itself_and_no_other() -> None:
    assert CAMERA.is_like(CAMERA)
    assert CAMERA.is_like(focal(1.005))
    assert not CAMERA.is_like(focal(1.1))
    assert not CAMERA.is_like(replace(CAMERA, width=128))
    shifted = CAMERA.intrinsics + [[0, 0, 2], [0, 0, 0], [0, 0, 0]]
    assert not CAMERA.is_like(replace(CAMERA, intrinsics=shifted))
    assert "64x48 with focal lengths 60.0, 61.0" in str(CAMERA)


def test_a_stored_map_needs_no_more_than_a_world_and_a_camera(tmp_path: Path) -> None:
    made = made_up_map(0)
    save_map(tmp_path, StoredMap(made.world, made.camera))
    assert load_map(tmp_path).provenance == {}
