"""Links: where a keyframe is by an old part of the map, or by another piece of it."""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from mem4d_ros.geometry import rigid_inverse
from mem4d_ros.mapping.correction import moved_pose, scale_of
from mem4d_ros.mapping.descriptors import describe
from mem4d_ros.mapping.growth import LEAST_LANDMARKS, log_ratios
from mem4d_ros.mapping.keyframes import Keyframe, Map
from mem4d_ros.mapping.locating import Found, locate_near, spread
from mem4d_ros.mapping.relocalisation import relocalise
from mem4d_ros.mapping.rotations import angle_between, logarithm
from mem4d_ros.mapping.tracks import Tracks, connected

LEAST_INLIERS, LEAST_INLIER_RATIO = 30, 0.6
"""Of the old landmarks that are found, so many must be where they should be."""
LEAST_SPREAD = 0.08
"""Of these in the image, as a deviation in x and in y, by its long side."""
PATIENCE = 3
"""Keyframes within which a second one must agree."""
SAME_TURN_RAD, SAME_WAY, SAME_LOG_SCALE = 0.04, 0.04, 0.1
"""Two corrections closer than this are the same; ways are by the distance of what is seen."""
LARGEST_DRIFT = 0.25
"""Of the way since the old keyframe; more is no drift."""
LARGEST_TURN_RAD, LARGEST_LOG_SCALE = 0.6, 0.5
UNMISTAKABLE = 100
"""Landmarks of a link; in corridors that repeat themselves some 40 agree."""
HARDLY_SEEN = 20
"""Landmarks that two successive keyframes share."""
POSSIBLE = 16.8
"""Largest squared error of where another piece has a keyframe, by its covariance: 99 % of χ² with 6
degrees of freedom."""


@dataclass(frozen=True)
class Link:
    """A keyframe as an old one has it.

    Attributes:
        old, new: their numbers.
        motion: (4, 4), of the world, a similarity that brings the new one where it belongs.
        pose: (4, 4), of the new one in the old one's camera.
        distance: of what it sees, m.
        landmarks, pixels, descriptors: (n,) numbers of old ones that it sees too, (n, 2), (n, 32).
    """

    old: int
    new: int
    motion: np.ndarray
    pose: np.ndarray
    distance: float
    landmarks: np.ndarray
    pixels: np.ndarray
    descriptors: np.ndarray


def find_link(world: Map, old: Map, candidate: Keyframe, intrinsics: np.ndarray) -> Link | None:
    """Locate the newest keyframe of a world in an old part of it, or in another piece.

    Args:
        candidate: the keyframe there that shows the same place.
    """
    newest = world.newest
    start = relocalise(old, [candidate], newest.image, intrinsics)
    if start is None:
        return None
    found = locate_near(old, newest.image, intrinsics, start)
    if found is None or not _is_sure(found):
        return None
    located, tracks = found.located, found.tracks[found.located.agrees]
    there = log_ratios(old, tracks, located.camera_to_world, newest.dense, intrinsics)
    own = Tracks(newest.image, newest.landmarks, newest.pixels)
    here = log_ratios(world, own, newest.camera_to_world, newest.dense, intrinsics)
    if min(len(there), len(here)) < LEAST_LANDMARKS:
        return None
    scale = float(np.exp(np.median(there) - np.median(here)))
    away = old.points(tracks.numbers, intrinsics).position - located.camera_to_world[:3, 3]
    return Link(
        candidate.number,
        newest.number,
        _similarity(newest.camera_to_world, located.camera_to_world, scale),
        rigid_inverse(candidate.camera_to_world) @ located.camera_to_world,
        float(np.median(np.linalg.norm(away, axis=-1))),
        tracks.numbers,
        tracks.pixels,
        describe(newest.image, tracks.pixels),
    )


def _is_sure(found: Found) -> bool:
    """Whether enough landmarks agree, all over the image."""
    agrees = found.located.agrees
    enough = agrees.sum() >= max(LEAST_INLIERS, LEAST_INLIER_RATIO * len(agrees))
    return bool(enough and spread(found) > LEAST_SPREAD)


def is_drift(world: Map, link: Link) -> bool:
    """Whether the way between the two keyframes, both of one world, can have drifted so far.

    What was hardly seen somewhere between, as before a bare wall, can have drifted anyhow.
    """
    if len(link.landmarks) >= UNMISTAKABLE and _least_shared(world, link) < HARDLY_SEEN:
        return True
    way = _way(world, link.old) + link.distance
    before = world.keyframes[link.new].camera_to_world
    after = moved_pose(link.motion, before)
    return bool(
        np.linalg.norm(after[:3, 3] - before[:3, 3]) < LARGEST_DRIFT * way
        and angle_between(before[:3, :3], after[:3, :3]) < LARGEST_TURN_RAD
        and abs(np.log(scale_of(link.motion))) < LARGEST_LOG_SCALE
    )


def is_possible(world: Map, piece: Map, link: Link) -> bool:
    """Whether the newest keyframe of a world can be where another piece has it.

    Where a piece lies is known as well as its covariance says, and less the longer its way since.
    What so much is seen of is not mistaken, wherever it is.
    """
    if len(link.landmarks) >= UNMISTAKABLE:
        return True
    newest, old = world.newest, piece.keyframes[link.old]
    before, after = newest.camera_to_world, moved_pose(link.motion, newest.camera_to_world)
    off = np.concatenate(
        (
            logarithm(before[:3, :3].T @ after[:3, :3]),
            after[:3, 3] - before[:3, 3],
        )
    )
    way = _way(world) + _way(piece) + link.distance
    drift = np.diag([0, 0, 0, *(3 * [(LARGEST_DRIFT * way) ** 2])])
    covariance = newest.covariance + old.covariance + drift
    return bool(
        off @ np.linalg.solve(covariance, off) < POSSIBLE
        and abs(np.log(scale_of(link.motion))) < LARGEST_LOG_SCALE
    )


def _least_shared(world: Map, link: Link) -> int:
    """Landmarks that two successive keyframes between those of a link see, at the least."""
    between = [world.keyframes[n] for n in sorted(world.keyframes) if link.old <= n <= link.new]
    return min(len(np.intersect1d(a.landmarks, b.landmarks)) for a, b in pairwise(between))


def _way(world: Map, begin: int = 0) -> float:
    """From a keyframe, or what is left after it, to the newest one, m."""
    numbers = [n for n in sorted(world.keyframes) if n >= begin]
    places = np.array([world.keyframes[n].camera_to_world[:3, 3] for n in numbers])
    return float(np.linalg.norm(np.diff(places, axis=0), axis=-1).sum())


def agree(world: Map, first: Link, second: Link) -> bool:
    """Whether two links, one soon after the other, move the second's keyframe alike."""
    if first.new == second.new or second.new - first.new > PATIENCE:
        return False
    pose = world.keyframes[second.new].camera_to_world
    one, other = moved_pose(first.motion, pose), moved_pose(second.motion, pose)
    scales = scale_of(np.stack((first.motion, second.motion)))
    return bool(
        np.linalg.norm(one[:3, 3] - other[:3, 3]) < SAME_WAY * second.distance
        and angle_between(one[:3, :3], other[:3, :3]) < SAME_TURN_RAD
        and abs(np.log(scales[0] / scales[1])) < SAME_LOG_SCALE
    )


def old_part(world: Map) -> Map:
    """Keyframes not connected with the newest one, and the landmarks that are at home there."""
    known = {keyframe.number for keyframe in connected(world)}
    keyframes = {n: k for n, k in world.keyframes.items() if n not in known}
    landmarks = copy.copy(world.landmarks)
    landmarks.is_alive = landmarks.is_alive & np.isin(landmarks.host, list(keyframes))
    return replace(world, keyframes=keyframes, landmarks=landmarks)


def _similarity(before: np.ndarray, after: np.ndarray, scale: float) -> np.ndarray:
    """The motion (4, 4) of the world that takes a camera from a pose to another, and its metres."""
    motion = np.eye(4)
    motion[:3, :3] = scale * after[:3, :3] @ before[:3, :3].T
    motion[:3, 3] = after[:3, 3] - motion[:3, :3] @ before[:3, 3]
    return motion
