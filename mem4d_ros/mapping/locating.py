"""Where a frame was taken: by the landmarks of the frame before, or else by any keyframe's."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mem4d_ros.mapping.camera_pose import Located, locate, seen_at
from mem4d_ros.mapping.keyframes import Map, to_rays
from mem4d_ros.mapping.relocalisation import relocalise, similar
from mem4d_ros.mapping.tracker import whole_shift
from mem4d_ros.mapping.tracks import Tracks, find_again, follow, follow_from

PIXEL_DEVIATION = 0.5
"""Of the tracking, pixels."""
LARGEST_SHIFT_RATIO = 1 / 3
"""No landmark moves farther from frame to frame, by the image's long side."""
ENOUGH_RATIO = 0.4
"""The tracking looks for a better way where it has found fewer of the landmarks."""


@dataclass(frozen=True)
class Found:
    """A frame's landmarks, and the pose from which they are seen so."""

    tracks: Tracks
    located: Located


def locate_next(
    world: Map,
    frame: Tracks,
    image: np.ndarray,
    intrinsics: np.ndarray,
    pose: np.ndarray,
    motion: np.ndarray,
) -> Found | None:
    """From the frame before, as the motion goes on, or else as the whole image has shifted.

    Args:
        pose, motion: (4, 4), of the frame before, and from the next camera to it as expected.
    """
    if not len(frame.numbers):
        return None
    expected = pose @ motion
    points = world.points(frame.numbers, intrinsics).position
    moved = seen_at(points, expected)[0] - seen_at(points, pose)[0]
    shift = moved * intrinsics[[0, 1], [0, 1]]
    shift[~(np.abs(shift) < LARGEST_SHIFT_RATIO * max(image.shape)).all(-1)] = 0
    tracks = follow(world, frame, image, frame.pixels + shift)
    found = _pose_of(world, tracks, intrinsics, expected)
    if found is not None and len(tracks.numbers) > ENOUGH_RATIO * len(frame.numbers):
        return found
    turned = follow(world, frame, image, frame.pixels + whole_shift(frame.image, image))
    again = _pose_of(world, turned, intrinsics, pose)
    return max(found, again, key=_agreeing)


def locate_anew(world: Map, image: np.ndarray, intrinsics: np.ndarray) -> Found | None:
    """From a keyframe whose image looks the same but for a shift, or else by descriptors."""
    candidates = similar(list(world.keyframes.values()), image)
    for keyframe in candidates:
        tracks = follow_from(keyframe, image, whole_shift(keyframe.image, image))
        found = _pose_of(world, tracks, intrinsics, keyframe.camera_to_world)
        if found is not None:
            return found
    start = relocalise(world, candidates, image, intrinsics)
    if start is None:
        return None
    everywhere, nothing = world.keyframes.values(), np.empty(0, np.int64)
    tracks = find_again(world, everywhere, image, start, intrinsics, taken=nothing)
    return _pose_of(world, tracks, intrinsics, start)


def _pose_of(
    world: Map, tracks: Tracks, intrinsics: np.ndarray, expected: np.ndarray
) -> Found | None:
    points = world.points(tracks.numbers, intrinsics)
    seen = to_rays(tracks.pixels, intrinsics)[:, :2]
    located = locate(points, seen, PIXEL_DEVIATION / intrinsics[0, 0], expected)
    return None if located is None else Found(tracks, located)


def _agreeing(found: Found | None) -> int:
    return -1 if found is None else int(found.located.agrees.sum())
