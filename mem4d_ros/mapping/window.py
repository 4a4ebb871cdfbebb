"""Which part of the map a bundle adjustment is about, and how its result gets back into it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mem4d_ros.mapping.bundle import OUTLIER_SIGMAS, BundleProblem, BundleSolution
from mem4d_ros.mapping.keyframes import Keyframe, Map, to_rays

WINDOW = 10
RECENT = 5
"""Of the window, so many are the newest; the others share most landmarks with the newest."""
HOLDING = 10
"""Keyframes outside the window that see its landmarks hold it in place, at most so many."""
LEAST_SHARED = 8
"""Landmarks that a keyframe must share to belong to it."""


@dataclass(frozen=True)
class Window:
    """A problem and the numbers in the map of what it is about.

    Attributes:
        keyframes: numbers (K,). landmarks: numbers (L,). observations: number of each (M,).
    """

    problem: BundleProblem
    keyframes: np.ndarray
    landmarks: np.ndarray


def make_window(world: Map, intrinsics: np.ndarray, pixel_deviation: float) -> Window | None:
    """The newest keyframes and what they see; None where nothing has been seen twice."""
    free, holding = _choose(world)
    numbers = np.array(sorted({*free, *holding}))
    landmark, keyframe, pixels = _observations([world.keyframes[n] for n in numbers.tolist()])
    table = world.landmarks
    usable = table.is_alive[landmark] & np.isin(table.host[landmark], numbers)
    usable &= table.host[landmark] != numbers[keyframe]
    landmark, keyframe, pixels = landmark[usable], keyframe[usable], pixels[usable]
    in_window = np.isin(numbers, free)
    touched = np.unique(landmark[in_window[keyframe]])
    hosted = np.unique(landmark[np.isin(table.host[landmark], free)])
    chosen = np.union1d(touched, hosted)
    kept = np.isin(landmark, chosen)
    landmark, keyframe, pixels = landmark[kept], keyframe[kept], pixels[kept]
    if not len(landmark):
        return None
    order = np.argsort(landmark, kind="stable")
    landmark, keyframe, pixels = landmark[order], keyframe[order], pixels[order]
    members = [world.keyframes[n] for n in numbers.tolist()]
    problem = BundleProblem(
        camera_to_world=np.array([member.camera_to_world for member in members]),
        log_scale=np.array([member.log_scale for member in members]),
        is_free=in_window,
        host=np.searchsorted(numbers, table.host[chosen]),
        rays=to_rays(table.pixel[chosen], intrinsics),
        log_inverse=table.log_inverse[chosen],
        log_prior=table.log_prior[chosen],
        landmark=np.searchsorted(chosen, landmark),
        keyframe=keyframe,
        seen=to_rays(pixels, intrinsics)[:, :2],
        deviation=pixel_deviation / intrinsics[0, 0],
    )
    return Window(problem, numbers, chosen)


def take_in(world: Map, window: Window, solution: BundleSolution) -> None:
    """Move the map as the solution says; what did not fit is forgotten."""
    solved, before = solution.problem, world.newest
    newest_before = before.camera_to_world.copy()
    for index, number in enumerate(window.keyframes.tolist()):
        if number in world.keyframes:
            world.keyframes[number].camera_to_world = solved.camera_to_world[index]
            world.keyframes[number].log_scale = float(solved.log_scale[index])
    del newest_before
    table = world.landmarks
    table.log_inverse[window.landmarks] = solved.log_inverse
    table.variance[window.landmarks] = solution.depth_variance
    wrong = solution.errors > OUTLIER_SIGMAS
    for index, number in enumerate(window.keyframes.tolist()):
        of_it = wrong & (solved.keyframe == index)
        if of_it.any():
            world.keyframes[number].forget(window.landmarks[solved.landmark[of_it]])
    counts = np.bincount(solved.landmark, minlength=len(window.landmarks))
    fitting = np.bincount(solved.landmark[~wrong], minlength=len(window.landmarks))
    table.is_alive[window.landmarks[(fitting == 0) | (fitting < counts / 2)]] = False


def _choose(world: Map) -> tuple[list[int], list[int]]:
    """Numbers of the keyframes that are free, and of those that hold them."""
    numbers = sorted(world.keyframes)
    newest = world.newest
    shared = {
        n: len(np.intersect1d(world.keyframes[n].landmarks, newest.landmarks))
        for n in numbers[:-RECENT]
    }
    near = sorted((n for n in shared if shared[n] >= LEAST_SHARED), key=lambda n: -shared[n])
    free = sorted({*numbers[-RECENT:], *near[: WINDOW - RECENT]})
    seen = np.unique(np.concatenate([world.keyframes[n].landmarks for n in free]))
    seen = seen[world.landmarks.is_alive[seen]]
    others = {
        n: int(np.isin(world.keyframes[n].landmarks, seen).sum()) for n in numbers if n not in free
    }
    ranked = sorted(
        (n for n in others if others[n] >= LEAST_SHARED), key=lambda n: -others[n]
    )[:HOLDING]
    if not ranked:
        return free[1:], free[:1]
    return free, ranked


def _observations(members: list[Keyframe]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Landmarks (M,), indices of the keyframes (M,), pixels (M, 2)."""
    return (
        np.concatenate([member.landmarks for member in members]),
        np.repeat(np.arange(len(members)), [len(member.landmarks) for member in members]),
        np.concatenate([member.pixels for member in members]),
    )
