"""Which part of the map a bundle adjustment is about, and how its result gets back into it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from mem4d_ros.geometry import rigid_inverse
from mem4d_ros.mapping.bundle import (
    OUTLIER_SIGMAS,
    PRIOR_DEVIATION,
    BundleProblem,
    BundleSolution,
    solve,
)
from mem4d_ros.mapping.external_pose import ToldWays
from mem4d_ros.mapping.keyframes import Keyframe, Map, to_rays
from mem4d_ros.mapping.rotations import skew

WINDOW = 10
RECENT = 5
"""Of the window, so many are the newest; the others share most landmarks with the newest."""
HOLDING = 10
"""Keyframes outside the window that see its landmarks hold it in place, at most so many."""
CORRELATION = 2.7
"""By which errors of the tracking, alike from frame to frame, enlarge a covariance that takes them
for independent; measured on rendered rooms."""
LEAST_SHARED = 8
"""Landmarks that a keyframe must share to belong to it."""


@dataclass(frozen=True)
class Window:
    """A problem and the numbers in the map of what it is about.

    Attributes:
        keyframes: numbers (K,), in order. landmarks: numbers (L,), in order.
        is_known: (L,) bool, of landmarks of other keyframes, which keep their depth.
    """

    problem: BundleProblem
    keyframes: np.ndarray
    landmarks: np.ndarray
    is_known: np.ndarray


@dataclass(frozen=True)
class Adjusted:
    """A window as it was, and solved."""

    window: Window
    solution: BundleSolution


def adjusted(window: Window) -> Adjusted:
    """Solve a window."""
    return Adjusted(window, solve(window.problem))


def make_window(world: Map, intrinsics: np.ndarray, pixel_deviation: float) -> Window | None:
    """The newest keyframes and what they see; None where nothing has been seen twice.

    Landmarks that begin in keyframes outside of the window hold it, too, as far away as they are.
    """
    free, holding = _choose(world)
    inside = sorted({*free, *holding})
    landmark, observer, pixels = _observations(world, [world.keyframes[n] for n in inside], free)
    if not len(landmark):
        return None
    chosen = np.unique(landmark)
    hosts = world.landmarks.host[chosen]
    is_known = ~np.isin(hosts, inside)
    numbers = np.union1d(inside, hosts)
    members = [world.keyframes[n] for n in numbers.tolist()]
    problem = make_problem(
        world,
        members,
        np.array([member.camera_to_world for member in members]),
        chosen,
        is_known,
        np.searchsorted(chosen, landmark),
        np.searchsorted(numbers, observer),
        pixels,
        intrinsics,
        pixel_deviation,
    )
    ways = ToldWays.between(numbers.tolist(), [member.told for member in members])
    problem = replace(problem, is_free=np.isin(numbers, free), ways=ways)
    return Window(problem, numbers, chosen, is_known)


def make_problem(
    world: Map,
    members: list[Keyframe],
    poses: np.ndarray,
    chosen: np.ndarray,
    is_known: np.ndarray,
    landmark: np.ndarray,
    observer: np.ndarray,
    pixels: np.ndarray,
    intrinsics: np.ndarray,
    pixel_deviation: float,
) -> BundleProblem:
    """Keyframes, none of them free yet, and landmarks that begin in them.

    Args:
        members: (K,), in the order of their numbers.
        poses: (P, 4, 4), theirs, then those of other frames that see them.
        chosen: (L,) numbers of landmarks; is_known: (L,) bool, which are held as far away as they
            are, and not only as the network says.
        landmark, observer: (M,) indices of what is seen, and from where; pixels: (M, 2), where.
        pixel_deviation: of these, in the direction in which it is least.
    """
    table = world.landmarks
    log_scale = np.array([member.log_scale for member in members])
    host = np.searchsorted([member.number for member in members], table.host[chosen])
    log_inverse = table.log_inverse[chosen]
    turns = poses[host[landmark], :3, :2].swapaxes(1, 2) @ poses[observer, :3, :2]  # (M, 2, 2)
    return BundleProblem(
        camera_to_world=poses,
        log_scale=log_scale,
        is_free=np.zeros(len(members), bool),
        host=host,
        rays=to_rays(table.pixel[chosen], intrinsics),
        log_inverse=log_inverse,
        log_prior=np.where(is_known, -log_inverse - log_scale[host], table.log_prior[chosen]),
        prior_deviation=np.where(is_known, table.deviation(chosen), PRIOR_DEVIATION),
        landmark=landmark,
        keyframe=observer,
        seen=to_rays(pixels, intrinsics)[:, :2],
        whitening=table.sharpness[chosen[landmark]] @ turns * (intrinsics[0, 0] / pixel_deviation),
    )


def take_in(world: Map, adjusted: Adjusted) -> np.ndarray:
    """Move the map as the solution says; what did not fit is forgotten.

    Returns the motion (4, 4) in the world of what hangs on the newest keyframe. Keyframes made
    since the window was make the same.
    """
    window, solution = adjusted.window, adjusted.solution
    before, after = window.problem, solution.problem
    motion = after.camera_to_world[-1] @ rigid_inverse(before.camera_to_world[-1])
    covariance = iter(_in_the_world(world, window, solution))
    for index, number in enumerate(window.keyframes.tolist()):
        if before.is_free[index]:
            keyframe = world.keyframes[number]
            keyframe.camera_to_world = after.camera_to_world[index]
            keyframe.log_scale = float(after.log_scale[index])
            keyframe.covariance = next(covariance)
    for number, keyframe in world.keyframes.items():
        if number > window.keyframes[-1]:
            keyframe.camera_to_world = motion @ keyframe.camera_to_world
    _judge(world, window, solution)
    return motion


def _judge(world: Map, window: Window, solution: BundleSolution) -> None:
    """Take depths over; forget observations that do not fit, and landmarks that rarely do."""
    problem, table = solution.problem, world.landmarks
    own = ~window.is_known
    table.log_inverse[window.landmarks[own]] = problem.log_inverse[own]
    table.variance[window.landmarks[own]] = solution.depth_variance[own]
    wrong = solution.errors > OUTLIER_SIGMAS
    for index in np.unique(problem.keyframe[wrong]).tolist():
        of_it = wrong & (problem.keyframe == index)
        keyframe = world.keyframes[int(window.keyframes[index])]
        keyframe.forget(window.landmarks[problem.landmark[of_it]])
    count = len(window.landmarks)
    seen = np.bincount(problem.landmark, minlength=count)
    fitting = np.bincount(problem.landmark[~wrong], minlength=count)
    table.is_alive[window.landmarks[(seen > 0) & (fitting < seen / 2)]] = False


def _in_the_world(world: Map, window: Window, solution: BundleSolution) -> np.ndarray:
    """Covariances (F, 6, 6) of the free keyframes: their own, and that of what holds the window."""
    problem = solution.problem
    holding = np.flatnonzero(~problem.is_free)[-1]
    held = world.keyframes[int(window.keyframes[holding])]
    free = problem.camera_to_world[problem.is_free]
    return carried(held, free) + CORRELATION * solution.covariance


def carried(keyframe: Keyframe, poses: np.ndarray) -> np.ndarray:
    """Covariances (..., 6, 6) that poses (..., 4, 4) have by that of a keyframe they hang on."""
    turn = keyframe.camera_to_world[:3, :3]
    change = np.zeros((*poses.shape[:-2], 6, 6))
    change[..., :3, :3] = poses[..., :3, :3].swapaxes(-1, -2) @ turn
    change[..., 3:, :3] = -skew(poses[..., :3, 3] - keyframe.camera_to_world[:3, 3]) @ turn
    change[..., 3:, 3:] = np.eye(3)
    covariance: np.ndarray = change @ keyframe.covariance @ change.swapaxes(-1, -2)
    return covariance


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
    ranked = sorted((n for n in others if others[n] >= LEAST_SHARED), key=lambda n: -others[n])[
        :HOLDING
    ]
    if not ranked:
        return free[1:], free[:1]
    return free, ranked


def _observations(
    world: Map, members: list[Keyframe], free: list[int]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What `members` see of the landmarks that free keyframes see or saw first.

    Returns:
        Numbers of landmarks (M,), in order, and of the keyframes that see them (M,); pixels (M, 2).
    """
    landmark = np.concatenate([member.landmarks for member in members])
    observer = np.concatenate([np.full(len(m.landmarks), m.number) for m in members])
    pixels = np.concatenate([member.pixels for member in members])
    host = world.landmarks.host[landmark]
    usable = world.landmarks.is_alive[landmark] & (host != observer)
    concerned = landmark[usable & (np.isin(observer, free) | np.isin(host, free))]
    kept = np.flatnonzero(usable & np.isin(landmark, concerned))
    kept = kept[np.argsort(landmark[kept], kind="stable")]
    return landmark[kept], observer[kept], pixels[kept]
