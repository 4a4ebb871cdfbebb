"""Where a frame was taken: by the landmarks of the frame before, or else by any keyframe's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from mem4d_ros.mapping.camera_pose import Located, locate, refine, seen_at
from mem4d_ros.mapping.growth import SPACING_RATIO, add_landmarks, take_back
from mem4d_ros.mapping.keyframes import Keyframe, Map, to_pixels
from mem4d_ros.mapping.motion import CameraMotion
from mem4d_ros.mapping.relocalisation import CORNER_DEVIATION, most_similar, relocalise
from mem4d_ros.mapping.tracker import thinned, track, whole_shift
from mem4d_ros.mapping.tracks import Tracks, find_again, follow, follow_from
from mem4d_ros.mapping.wide_step import recognise

PIXEL_DEVIATION = 0.5
"""Of the tracking, pixels."""
LARGEST_SHIFT_RATIO = 1 / 3
"""No landmark moves farther from frame to frame, by the image's long side."""
ENOUGH_RATIO = 0.4
"""The tracking looks for a better way where it has found fewer of the landmarks."""
COMPARED, SHIFTED = 60, 5
"""Keyframes, those that look most like it, with which a lost frame is compared: by descriptors, and
as a shifted image."""
SURE_LANDMARKS = 15
"""So many must be where they should be, and more where not all that were found again are: twice as
many at half of them."""
STRANGE_LANDMARKS = 45
"""The same where the camera cannot be by how it moved: corridors repeat themselves."""
SURE_SPREAD = 0.06
"""Of these in the image, as a deviation in x and in y, by its long side."""
WIDE_SPREAD = 0.11
"""The same after a wide step: in a small part of the image a turn looks like a way."""


@dataclass(frozen=True)
class Found:
    """A frame's landmarks, and the pose from which they are seen so."""

    tracks: Tracks
    located: Located


def locate_next(
    world: Map,
    reference: Tracks,
    frame: Tracks,
    image: np.ndarray,
    intrinsics: np.ndarray,
    motion: CameraMotion,
) -> Found | None:
    """From the frame before, as the motion goes on, or else as the whole image has shifted.

    Args:
        reference: an earlier frame against which its landmarks are made exact.
    """
    if not len(frame.numbers):
        return None
    pose, expected = motion.seen, motion.expected
    points = world.points(frame.numbers, intrinsics).position
    moved = seen_at(points, expected)[0] - seen_at(points, pose)[0]
    shift = moved * intrinsics[[0, 1], [0, 1]]
    shift[~(np.abs(shift) < LARGEST_SHIFT_RATIO * max(image.shape)).all(-1)] = 0
    tracks = follow(reference, frame, image, frame.pixels + shift)
    found = _pose_of(world, tracks, intrinsics, expected)
    if found is not None and len(tracks.numbers) > ENOUGH_RATIO * len(frame.numbers):
        return found
    turned = follow(reference, frame, image, frame.pixels + whole_shift(frame.image, image))
    again = _pose_of(world, turned, intrinsics, pose)
    return max(found, again, key=_agreeing)


def locate_after_wide_step(world: Map, image: np.ndarray, intrinsics: np.ndarray) -> Found | None:
    """From the newest keyframe, if the image shows enough of it; that becomes landmarks, too."""
    keyframe = world.newest
    match = recognise(keyframe, image, intrinsics)
    if match is None:
        return None
    points = world.points(keyframe.landmarks, intrinsics).position
    guess = to_pixels(seen_at(points, match.camera_to_world)[0], intrinsics)
    known = follow_from(keyframe, image, guess)
    chosen = thinned(match.own, keyframe.pixels, SPACING_RATIO * max(image.shape))
    new = add_landmarks(world, keyframe, match.own[chosen])
    pixels, seen = track(keyframe.image, image, match.own[chosen], match.seen[chosen], levels=0)
    # What has turned, or come nearer, looks too different to be tracked, but was matched.
    pixels = np.where(seen[:, None], pixels, match.seen[chosen])
    tracks = known.joined(Tracks(image, new, pixels))
    found = _pose_of(world, tracks, intrinsics, match.camera_to_world, CORNER_DEVIATION)
    if found is not None and spread(found) > WIDE_SPREAD:
        return _made_exact(world, found, intrinsics)
    take_back(world, keyframe, new)
    return None


def _made_exact(world: Map, found: Found, intrinsics: np.ndarray) -> Found:
    """With the pose that fits best what agrees, most of which was tracked exactly."""
    tracks, located = found.tracks[found.located.agrees], found.located
    points = world.points(tracks.numbers, intrinsics)
    deviation = PIXEL_DEVIATION / intrinsics[0, 0]
    exact = refine(points, tracks.rays(intrinsics), deviation, located.camera_to_world)
    return replace(found, located=replace(located, camera_to_world=exact.camera_to_world))


def locate_anew(
    world: Map, image: np.ndarray, intrinsics: np.ndarray, motion: CameraMotion
) -> Found | None:
    """From where the camera should be, a keyframe that looks the same but for a shift, descriptors.

    Nothing else says that it is right: it takes more landmarks to agree than from frame to frame,
    and still more where the camera cannot have moved to by itself.
    """
    return next(
        (
            found
            for found in _proposals(world, image, intrinsics, motion)
            if found is not None
            and is_sure(found)
            and (_is_near(found, world, intrinsics, motion) or is_sure(found, STRANGE_LANDMARKS))
        ),
        None,
    )


def _proposals(
    world: Map, image: np.ndarray, intrinsics: np.ndarray, motion: CameraMotion
) -> Iterator[Found | None]:
    if motion.is_placed:
        yield locate_near(world, image, intrinsics, motion.expected)
    keyframes = most_similar(list(world.keyframes.values()), image, COMPARED)
    for keyframe in dict.fromkeys([world.newest.number, *(k.number for k in keyframes[:SHIFTED])]):
        yield _shifted(world, world.keyframes[keyframe], image, intrinsics)
    start = relocalise(world, keyframes, image, intrinsics)
    if start is not None:
        yield locate_near(world, image, intrinsics, start)


def _is_near(found: Found, world: Map, intrinsics: np.ndarray, motion: CameraMotion) -> bool:
    pose, numbers = found.located.camera_to_world, found.tracks.numbers[found.located.agrees]
    distance = float(np.median(seen_at(world.points(numbers, intrinsics).position, pose)[1]))
    return motion.may_be(pose, distance)


def locate_near(
    world: Map, image: np.ndarray, intrinsics: np.ndarray, start: np.ndarray
) -> Found | None:
    """From a pose (4, 4) that is about right, by the landmarks of the keyframes about it."""
    everywhere, nothing = world.keyframes.values(), np.empty(0, np.int64)
    tracks = find_again(world, everywhere, image, start, intrinsics, taken=nothing)
    return _pose_of(world, tracks, intrinsics, start)


def is_sure(found: Found, least: int = SURE_LANDMARKS) -> bool:
    """Whether enough landmarks are where they should be, all over the image."""
    agrees = found.located.agrees
    return bool(agrees.sum() * agrees.mean() >= least) and spread(found) > SURE_SPREAD


def spread(found: Found) -> float:
    """Of the landmarks that agree in the image, as a deviation, by its long side."""
    agreeing = found.tracks.pixels[found.located.agrees]
    return float(agreeing.std(0).min() / max(found.tracks.image.shape))


def _shifted(
    world: Map, keyframe: Keyframe, image: np.ndarray, intrinsics: np.ndarray
) -> Found | None:
    shift = whole_shift(keyframe.image, image)
    tracks = follow_from(keyframe, image, keyframe.pixels + shift)
    return _pose_of(world, tracks, intrinsics, keyframe.camera_to_world)


def _pose_of(
    world: Map,
    tracks: Tracks,
    intrinsics: np.ndarray,
    expected: np.ndarray,
    deviation: float = PIXEL_DEVIATION,
) -> Found | None:
    points = world.points(tracks.numbers, intrinsics)
    located = locate(points, tracks.rays(intrinsics), deviation / intrinsics[0, 0], expected)
    return None if located is None else Found(tracks, located)


def _agreeing(found: Found | None) -> int:
    return -1 if found is None else int(found.located.agrees.sum())
