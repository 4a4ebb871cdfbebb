"""Depth of fresh landmarks: those that the newest keyframe saw first, and no other one yet.

Until a second keyframe sees them, nothing but the network says how far away they are, and what has
left the image by then is never measured. But each frame that is seen from elsewhere measures: its
pose and these depths are found together, as if it were a keyframe, and with the next frame anew.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mem4d_ros.mapping.bundle import BundleProblem, solve
from mem4d_ros.mapping.growth import LEAST_LANDMARKS
from mem4d_ros.mapping.keyframes import Map
from mem4d_ros.mapping.landmarks import SETTLED_VARIANCE, UNSEEN_VARIANCE
from mem4d_ros.mapping.locating import PIXEL_DEVIATION, Found
from mem4d_ros.mapping.tracks import Tracks
from mem4d_ros.mapping.window import make_problem

MOST_MISSED = 0.2
"""Of a keyframe's landmarks. Where more are not where they should be, much moves, and two views do
not tell what from what."""
ITERATIONS = 3
"""The frame before has brought depths near, and the pose was found already."""


def measure_depth(world: Map, found: Found, intrinsics: np.ndarray) -> Found:
    """The frame with the pose that fits best, together with the depths of fresh landmarks.

    These go into `world`. Where too few are measured, or too much moves, all stays as it is.

    While there is one keyframe all landmarks are fresh, and the metre is what the network says of
    all of them in the mean. It stays when the near ones have left the image: the network may see
    these too far away, and those that stay not.
    """
    if _share_missed(world, found) > MOST_MISSED:
        return found
    table = world.landmarks
    tracks = found.tracks[found.located.agrees]
    tracks = tracks[np.argsort(tracks.numbers)]
    is_fresh = table.host[tracks.numbers] == world.newest.number
    fresh = tracks.numbers[is_fresh]
    if not np.isfinite(table.log_prior[fresh]).any():
        return found
    if len(world.keyframes) == 1:
        _keep_metre(world, fresh)
    problem = _problem(world, tracks, is_fresh, found.located.camera_to_world, intrinsics)
    solution = solve(problem, ITERATIONS)
    variance = solution.whole_depth_variance[is_fresh]
    if (variance < SETTLED_VARIANCE).sum() < LEAST_LANDMARKS:
        return found
    table.log_inverse[fresh] = solution.problem.log_inverse[is_fresh]
    table.variance[fresh] = np.minimum(variance, UNSEEN_VARIANCE)
    pose = solution.problem.camera_to_world[-1]
    return replace(found, located=replace(found.located, camera_to_world=pose))


def _problem(
    world: Map, tracks: Tracks, is_fresh: np.ndarray, pose: np.ndarray, intrinsics: np.ndarray
) -> BundleProblem:
    """The frame's pose (4, 4) is free, the keyframes that host its landmarks hold it.

    Args:
        tracks: of n landmarks in the order of their numbers; is_fresh: (n,) bool.
    """
    numbers = tracks.numbers
    hosts = [world.keyframes[n] for n in np.unique(world.landmarks.host[numbers]).tolist()]
    held = make_problem(
        world,
        hosts,
        np.array([*(host.camera_to_world for host in hosts), pose]),
        numbers,
        ~is_fresh,
        np.arange(len(numbers)),
        np.full(len(numbers), len(hosts)),
        tracks.pixels,
        intrinsics,
        PIXEL_DEVIATION,
    )
    return replace(
        held,
        log_scale=np.append(held.log_scale, world.newest.log_scale),
        is_free=np.append(held.is_free, True),
    )


def _keep_metre(world: Map, numbers: np.ndarray) -> None:
    """Move what the network said so that its mean at landmarks (n,) is what they are by now."""
    first, table = world.first, world.landmarks
    own_by_prior = -table.log_inverse[numbers] - table.log_prior[numbers]
    table.log_prior[first.landmarks] += np.nanmean(own_by_prior) - first.log_scale


def _share_missed(world: Map, found: Found) -> float:
    """Of the newest keyframe's landmarks: not where they should be, in most frames or in this."""
    table, agrees, own = world.landmarks, found.located.agrees, world.newest.landmarks
    missed = own[table.misses[own] >= table.hits[own]]
    missed = np.union1d(missed, found.tracks.numbers[~agrees])
    right = np.setdiff1d(found.tracks.numbers[agrees], missed)
    return len(missed) / max(len(missed) + len(right), 1)
