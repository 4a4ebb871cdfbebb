"""Finding one's way back: a frame recognised from keyframes, without an idea where it was taken.

Descriptors of landmarks as keyframes saw them are matched with those of the frame's corners; a pose
on which enough matches of a keyframe and its neighbours agree is made exact by the landmarks of all
about it.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from mem4d_ros.mapping.camera_pose import refine, sampled_pose, seen_at
from mem4d_ros.mapping.descriptors import Corners, describe, distinct_matches
from mem4d_ros.mapping.keyframes import Keyframe, Map, to_pixels, to_rays
from mem4d_ros.mapping.thumbnails import thumbnail
from mem4d_ros.mapping.tracker import find_corners
from mem4d_ros.mapping.tracks import Tracks, neighbours

CORNERS = 500
SPACING_PX = 5.0
LARGEST_DISTANCE = 80
"""Of descriptors that are alike, bits of 256."""
TRIED = 5
"""Keyframes, those with the most matches, of which a pose is asked."""
LEAST_MATCHES = 12
LARGEST_ERROR_RATIO = 0.008
"""Of a match that agrees, by the image's long side."""
NEAR_RATIO = 0.03
"""Farthest from where it should be that a landmark is matched, by the image's long side."""
CORNER_DEVIATION = 2.0
"""Of a matched corner, pixels."""
_SAMPLES = 1000
"""Of three matches, of which most are wrong: neighbours bring more of both kinds."""


def relocalise(
    world: Map, candidates: Sequence[Keyframe], image: np.ndarray, intrinsics: np.ndarray
) -> np.ndarray | None:
    """A pose (4, 4) from which the image (H, W) uint8 may have been taken; None if none fits.

    Args:
        candidates: the keyframes that it is compared with.
    """
    pixels = find_corners(image, CORNERS, SPACING_PX, np.empty((0, 2)))
    corners = Corners(pixels, describe(image, pixels))
    size = max(image.shape)
    start = _recognised(world, candidates, corners, intrinsics, size)
    if start is None:
        return None
    tracks = _matched_near(world, corners, image, start, intrinsics)
    if not len(tracks.numbers):
        return start
    points = world.points(tracks.numbers, intrinsics)
    deviation = CORNER_DEVIATION / intrinsics[0, 0]
    return refine(points, tracks.rays(intrinsics), deviation, start).camera_to_world


def most_similar(keyframes: Sequence[Keyframe], image: np.ndarray, count: int) -> list[Keyframe]:
    """The keyframes whose small blurred images are most like this one's, best first."""
    here = thumbnail(image)
    scores = [float((keyframe.thumbnail * here).mean()) for keyframe in keyframes]
    return [keyframes[index] for index in np.argsort(scores)[::-1][:count].tolist()]


def _recognised(
    world: Map,
    candidates: Sequence[Keyframe],
    corners: Corners,
    intrinsics: np.ndarray,
    size: int,
) -> np.ndarray | None:
    """The pose (4, 4) on which the most matches of one keyframe and of those about it agree."""
    matches = {keyframe.number: _match(world, keyframe, corners) for keyframe in candidates}
    ranked = sorted(candidates, key=lambda keyframe: -len(matches[keyframe.number][0]))
    best, most = None, LEAST_MATCHES - 1
    for keyframe in ranked[:TRIED]:
        about = neighbours(world, candidates, keyframe.camera_to_world)
        numbers, seen = _joined([matches[other.number] for other in about])
        if len(numbers) <= most:
            continue
        pose, agree = _pose(world, numbers, seen, intrinsics, size)
        if agree > most:
            best, most = pose, agree
    return best


def _joined(matches: Sequence[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    """Those of several keyframes, each landmark once: numbers (n,), pixels (n, 2)."""
    if not matches:
        return np.empty(0, np.int64), np.empty((0, 2))
    numbers, first = np.unique(np.concatenate([own for own, _ in matches]), return_index=True)
    return numbers, np.concatenate([seen for _, seen in matches])[first]


def _match(world: Map, keyframe: Keyframe, corners: Corners) -> tuple[np.ndarray, np.ndarray]:
    """Numbers (n,) of landmarks of the keyframe, and pixels (n, 2) of corners like them."""
    alive = world.landmarks.is_alive[keyframe.landmarks]
    numbers, own = keyframe.landmarks[alive], keyframe.descriptors[alive]
    if min(len(numbers), len(corners.pixels)) < 2:  # of which one is to be distinct
        return numbers[:0], corners.pixels[:0]
    best: dict[int, cv2.DMatch] = {}
    for first in distinct_matches(corners.descriptors, own):
        if first.distance < LARGEST_DISTANCE:
            before = best.get(first.trainIdx, first)
            best[first.trainIdx] = min(before, first, key=lambda match: match.distance)
    return (
        numbers[np.array(list(best), np.int64)],
        corners.pixels[np.array([match.queryIdx for match in best.values()], np.int64)],
    )


def _pose(
    world: Map, numbers: np.ndarray, seen: np.ndarray, intrinsics: np.ndarray, size: int
) -> tuple[np.ndarray | None, int]:
    """The pose (4, 4) on which most matches agree, and how many do."""
    sampled = sampled_pose(
        world.points(numbers, intrinsics).position,
        to_rays(seen, intrinsics)[:, :2],
        LARGEST_ERROR_RATIO * size / intrinsics[0, 0],
        iterations=_SAMPLES,
    )
    return (None, 0) if sampled is None else (sampled.camera_to_world, len(sampled.agree))


def _matched_near(
    world: Map, corners: Corners, image: np.ndarray, pose: np.ndarray, intrinsics: np.ndarray
) -> Tracks:
    """Landmarks at corners like them, near where they should be as seen from a pose (4, 4)."""
    taken, pixels = np.empty(0, np.int64), [np.empty((0, 2))]
    reach = NEAR_RATIO * max(image.shape)
    for keyframe in neighbours(world, world.keyframes.values(), pose):
        new = world.landmarks.is_alive[keyframe.landmarks] & ~np.isin(keyframe.landmarks, taken)
        numbers, own = keyframe.landmarks[new], keyframe.descriptors[new]
        expected = to_pixels(
            seen_at(world.points(numbers, intrinsics).position, pose)[0], intrinsics
        )
        away = np.linalg.norm(expected[:, None] - corners.pixels, axis=-1)  # (n, N)
        row, column = np.nonzero(away < reach)
        differing = np.unpackbits(own[row] ^ corners.descriptors[column], axis=-1).sum(-1)
        order = np.argsort(differing, kind="stable")
        row, column = row[order], column[order]
        matched, first = np.unique(row, return_index=True)
        alike = differing[order][first] < LARGEST_DISTANCE
        taken = np.concatenate((taken, numbers[matched[alike]]))
        pixels.append(corners.pixels[column[first[alike]]])
    return Tracks(image, taken, np.concatenate(pixels))
