"""How the map grows: when a keyframe is due, and what it brings."""

from __future__ import annotations

import numpy as np

from mem4d_ros.geometry import robust_deviation
from mem4d_ros.mapping.camera_pose import seen_at
from mem4d_ros.mapping.descriptors import describe
from mem4d_ros.mapping.external_pose import ExternalPose
from mem4d_ros.mapping.keyframes import DenseView, Keyframe, Map, to_pixels, to_rays
from mem4d_ros.mapping.landmarks import SETTLED_VARIANCE, Landmarks
from mem4d_ros.mapping.rotations import angle_between
from mem4d_ros.mapping.sharpness import sharpness
from mem4d_ros.mapping.tracker import find_corners, is_inside
from mem4d_ros.mapping.tracks import BORDER_PX, Tracks, connected, find_again, indices

LANDMARKS = 300
"""So many are seen at once, where there is enough texture."""
SPACING_RATIO = 0.025
"""Least distance between them, by the image's long side."""
MAX_SHIFT_RATIO = 0.06
"""A keyframe is due when landmarks have moved so far beside rotation, by the image's long side."""
MAX_FLOW_RATIO = 0.2
"""The same with rotation."""
MAX_TURN_RAD = 0.2
MIN_KEPT_RATIO = 0.6
"""A keyframe is due when fewer of the newest one's landmarks are seen."""
SMOOTH_RATIO = 0.9
"""Neighbouring depths whose ratio is smaller belong to two surfaces."""
LARGEST_SCALE_STEP = 0.05
"""By which the log scale of a keyframe differs from that of the one before."""
STRANGE_SIGMAS, LEAST_STRANGE = 3.0, 0.3
"""From when on a landmark's log depth is not what it looks like: in deviations of all, and at
least."""
LEAST_STILL = 50
"""So many landmarks there are, if need be on people."""
LEAST_LANDMARKS = 10
"""Fewer landmarks say nothing of the scale of a frame's depth."""


def is_due(world: Map, frame: Tracks, pose: np.ndarray, intrinsics: np.ndarray) -> bool:
    """Whether a frame from a pose (4, 4) shows enough that is new."""
    keyframe = world.newest
    seen, order = indices(keyframe.landmarks, frame.numbers)
    if seen.sum() < MIN_KEPT_RATIO * len(keyframe.landmarks):
        return True
    turn = keyframe.camera_to_world[:3, :3].T @ pose[:3, :3]
    if angle_between(np.eye(3), turn) > MAX_TURN_RAD:
        return True
    turned = to_rays(keyframe.pixels[order], intrinsics) @ turn
    unmoved = to_pixels(turned[:, :2] / turned[:, 2:], intrinsics)
    shift = np.linalg.norm(frame.pixels[seen] - unmoved, axis=-1)
    moved = np.linalg.norm(frame.pixels[seen] - keyframe.pixels[order], axis=-1)
    size = max(frame.image.shape)
    return bool(
        np.median(shift) > MAX_SHIFT_RATIO * size or np.median(moved) > MAX_FLOW_RATIO * size
    )


def add_keyframe(
    world: Map,
    frame: Tracks,
    pose: np.ndarray,
    covariance: np.ndarray,
    dense: DenseView,
    intrinsics: np.ndarray,
    log_scale: float,
    place: np.ndarray | None,
    told: ExternalPose | None = None,
) -> None:
    """A frame becomes a keyframe, with landmarks that it knows, finds again, and sees first.

    Args:
        log_scale: log of the map's metres by those of the dense depth.
        place: what tells the place from others, (C,) of length 1.
        told: what another odometry says of the pose.
    """
    image, table = frame.image, world.landmarks
    frame = frame[table.is_alive[frame.numbers]]
    again = find_again(world, connected(world), image, pose, intrinsics, frame.numbers)
    people = dense.people_in(image)
    known = frame.joined(again)
    known = known[_is_still(world, known, people)]
    corners = _still_corners(image, known.pixels, people)
    number = world.next_number
    world.next_number += 1
    new = _begin(table, number, image, corners, dense, log_scale)
    pixels = np.concatenate((known.pixels, corners))
    world.keyframes[number] = Keyframe(
        number=number,
        image=image,
        camera_to_world=pose.copy(),
        log_scale=log_scale,
        landmarks=np.concatenate((known.numbers, new)),
        pixels=pixels,
        descriptors=describe(image, pixels),
        covariance=covariance,
        dense=dense.kept(),
        place=place,
        told=told,
    )


def add_landmarks(world: Map, keyframe: Keyframe, pixels: np.ndarray) -> np.ndarray:
    """Landmarks that begin at pixels (n, 2) of a keyframe; their numbers (n,)."""
    new = _begin(
        world.landmarks,
        keyframe.number,
        keyframe.image,
        pixels,
        keyframe.dense,
        keyframe.log_scale,
    )
    keyframe.add(new, pixels, describe(keyframe.image, pixels))
    return new


def take_back(world: Map, keyframe: Keyframe, new: np.ndarray) -> None:
    """Undo `add_landmarks`, whose numbers (n,) must be the last ones."""
    keyframe.forget(new)
    world.landmarks.keep(np.arange(len(world.landmarks)) < len(world.landmarks) - len(new))


def _begin(
    table: Landmarks,
    number: int,
    image: np.ndarray,
    pixels: np.ndarray,
    dense: DenseView,
    log_scale: float,
) -> np.ndarray:
    """Landmarks that begin at pixels (n, 2) of a keyframe, at its dense depth; numbers (n,)."""
    log_prior = np.log(depth_at(dense, pixels)) - dense.log_drift
    is_known = np.isfinite(dense.depth).any()
    typical = np.log(np.nanmedian(dense.depth)) - dense.log_drift if is_known else 0.0
    log_depth = log_scale + np.where(np.isfinite(log_prior), log_prior, typical)
    return table.add(number, pixels, log_depth, log_prior, sharpness(image, pixels))


def _is_still(world: Map, frame: Tracks, people: np.ndarray) -> np.ndarray:
    """Which landmarks (n,) of a frame are not on people, (H, W) bool.

    Where these are too few, so are those on people that were seen most often.
    """
    columns, rows = np.rint(frame.pixels).astype(int).T
    still: np.ndarray = ~people[rows, columns]
    missing = LEAST_STILL - still.sum()
    if missing > 0:
        seen = np.where(still, -1, world.landmarks.hits[frame.numbers])
        still[np.argsort(-seen, kind="stable")[:missing]] = True
    return still


def new_corners(image: np.ndarray, taken: np.ndarray) -> np.ndarray:
    """Corners (N, 2) of an image that make its landmarks full, away from those `taken` (n, 2)."""
    return _corners(image, LANDMARKS, taken)


def _still_corners(image: np.ndarray, taken: np.ndarray, people: np.ndarray) -> np.ndarray:
    """The same, but on people, (H, W) bool, only as many as it takes for a pose."""
    still = _corners(image, LANDMARKS, taken, people)
    taken = np.concatenate((taken, still))
    others = _corners(image, LEAST_STILL, taken)
    return np.concatenate((still, others))


def _corners(
    image: np.ndarray, wanted: int, taken: np.ndarray, left_out: np.ndarray | None = None
) -> np.ndarray:
    """Corners (N, 2) with which there are as many as `wanted`, none where it is `left_out`."""
    spacing = SPACING_RATIO * max(image.shape)
    corners = find_corners(image, wanted - len(taken), spacing, taken, left_out)
    return corners[is_inside(corners, image.shape, BORDER_PX)]


def next_log_scale(
    world: Map,
    frame: Tracks,
    pose: np.ndarray,
    dense: DenseView,
    intrinsics: np.ndarray,
) -> float:
    """Log of the map's metres by the network's in a frame, near that of the newest keyframe."""
    before = world.newest.log_scale
    step = log_ratio(world, frame, pose, dense, intrinsics, otherwise=0.0) - before
    return before + float(np.clip(step, -LARGEST_SCALE_STEP, LARGEST_SCALE_STEP))


def log_ratio(
    world: Map,
    frame: Tracks,
    pose: np.ndarray,
    dense: DenseView,
    intrinsics: np.ndarray,
    otherwise: float,
) -> float:
    """Median of the log of landmarks' depth by the network's, both as a frame sees them.

    Those that are not settled say it where too few others do: they began in the map's metres, too.
    It is `otherwise` where all are too few.
    """
    for largest_variance in (SETTLED_VARIANCE, np.inf):
        ratios = log_ratios(world, frame, pose, dense, intrinsics, largest_variance)
        if len(ratios) >= LEAST_LANDMARKS:
            return float(np.median(ratios))
    return otherwise


def log_ratios(
    world: Map,
    frame: Tracks,
    pose: np.ndarray,
    dense: DenseView,
    intrinsics: np.ndarray,
    largest_variance: float = SETTLED_VARIANCE,
) -> np.ndarray:
    """Logs (n,) of known landmarks' depth by the network's, where a frame sees both."""
    known = frame[world.landmarks.variance[frame.numbers] < largest_variance]
    own = seen_at(world.points(known.numbers, intrinsics).position, pose)[1]
    said = depth_at(dense, known.pixels)
    with np.errstate(invalid="ignore"):
        ratios: np.ndarray = np.log(own / said)
    return ratios[np.isfinite(ratios)]


def fits_its_look(world: Map, numbers: np.ndarray) -> np.ndarray:
    """Which landmarks (n,) are about as far away as the network took them to be, (n,) bool.

    What moves along with the camera has less parallax than its distance gives, and fits too far
    away for as long as it does. No view tells it from what stands still there, but what it looks
    like does. Landmarks whose depth by the network's is far from that of most others, by the spread
    of all, are such.
    """
    table = world.landmarks
    hosts, index = np.unique(table.host[numbers], return_inverse=True)
    scales = np.array([world.keyframes[host].log_scale for host in hosts.tolist()])
    ratios = -table.log_inverse[numbers] - table.log_prior[numbers] - scales[index]
    told = np.isfinite(ratios)
    if not told.any():
        return np.ones(len(numbers), bool)
    away = ratios - np.median(ratios[told])
    spread = robust_deviation(away[told])
    return ~(np.abs(away) > max(STRANGE_SIGMAS * spread, LEAST_STRANGE))


def depth_at(dense: DenseView, pixels: np.ndarray) -> np.ndarray:
    """Depth (N,) at the camera's pixels (N, 2); NaN outside, at edges, beside NaN."""
    depth = dense.depth
    height, width = depth.shape
    columns, rows = np.rint(dense.transform.to_model(pixels)).astype(int).T
    inside = (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height)
    offsets = np.arange(-1, 2)
    near = depth[
        (rows[:, None, None] + offsets[:, None]).clip(0, height - 1),
        (columns[:, None, None] + offsets).clip(0, width - 1),
    ]
    with np.errstate(invalid="ignore"):
        smooth = near.min((1, 2)) > SMOOTH_RATIO * near.max((1, 2))
    return np.where(smooth & inside, near[:, 1, 1], np.nan).astype(np.float64)
