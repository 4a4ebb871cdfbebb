"""Bounds a map: keyframes that repeat what others show are given up."""

from __future__ import annotations

import numpy as np

from mem4d_ros.geometry import rigid_inverse, transform_points
from mem4d_ros.mapping.keyframes import Keyframe, Map
from mem4d_ros.mapping.sharpness import sharpness

MOST_KEYFRAMES = 250
KEPT_KEYFRAMES = 200
"""So many are left when there are more than the most."""
RECENT = 20
"""The newest stay in any case."""
ENOUGH_VIEWS = 3
"""A landmark that so many other keyframes see does not need another one."""


def thin(world: Map, intrinsics: np.ndarray) -> bool:
    """Bring a map with too many keyframes back to those that show most that no other shows.

    Not more than 50 are given up at once, so that no frame waits long for two large pieces that
    have been joined. Returns whether it did: landmarks then have other numbers.
    """
    if len(world.keyframes) <= MOST_KEYFRAMES:
        return False
    views = np.zeros(len(world.landmarks), np.int64)
    for keyframe in world.keyframes.values():
        views[keyframe.landmarks] += 1
    for _ in range(min(len(world.keyframes), MOST_KEYFRAMES + 1) - KEPT_KEYFRAMES):
        least = _least_needed(world, views)
        views[least.landmarks] -= 1
        _give_up(world, least, intrinsics)
    _compact(world)
    return True


def _least_needed(world: Map, views: np.ndarray) -> Keyframe:
    """The keyframe whose landmarks, seen by `views` (N,), are seen best without it.

    Of equals, the oldest.
    """
    is_rare = world.landmarks.is_alive & (views <= ENOUGH_VIEWS)
    candidates = [world.keyframes[number] for number in sorted(world.keyframes)[1:-RECENT]]
    needed = [int(is_rare[keyframe.landmarks].sum()) for keyframe in candidates]
    return candidates[int(np.argmin(needed))]


def _give_up(world: Map, keyframe: Keyframe, intrinsics: np.ndarray) -> None:
    """Landmarks that it is the host of go to the next keyframe that sees them, if any does."""
    table = world.landmarks
    homeless = np.flatnonzero((table.host == keyframe.number) & table.is_alive)
    positions = world.points(homeless, intrinsics).position
    del world.keyframes[keyframe.number]
    world.joined = tuple(pair for pair in world.joined if keyframe.number not in pair)
    waiting = np.ones(len(homeless), bool)
    for other in world.keyframes.values():
        seen = waiting & np.isin(homeless, other.landmarks)
        if not seen.any():
            continue
        local = transform_points(rigid_inverse(other.camera_to_world), positions[seen])
        order = np.argsort(other.landmarks)
        at = order[np.searchsorted(other.landmarks[order], homeless[seen])]
        numbers, in_front = homeless[seen], local[:, 2] > 0
        table.host[numbers], table.pixel[numbers] = other.number, other.pixels[at]
        table.sharpness[numbers] = sharpness(other.image, other.pixels[at])
        log_depth = np.log(np.where(in_front, local[:, 2], 1))
        table.log_inverse[numbers], table.log_prior[numbers] = -log_depth, np.nan
        table.is_alive[numbers] &= in_front
        waiting &= ~seen
    table.is_alive[homeless[waiting]] = False


def _compact(world: Map) -> None:
    """Forget dead landmarks."""
    alive = world.landmarks.is_alive
    numbers = np.cumsum(alive) - 1
    world.landmarks.keep(alive)
    for keyframe in world.keyframes.values():
        keyframe.keep(alive[keyframe.landmarks])
        keyframe.landmarks = numbers[keyframe.landmarks]
