"""Bundle adjustment of a window: poses, inverse depths and depth scales that fit all observations.

Gauss-Newton with Levenberg's damping. A landmark is the logarithm of its inverse depth at a pixel
of its host, the keyframe that saw it first, so that its block of the normal equations is a single
number and the Schur complement costs next to nothing (Engel et al., "Direct sparse odometry",
PAMI 2018, use the same form; the residual here is the reprojection error).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from mem4d_ros.mapping.external_pose import NO_WAYS, ToldWays
from mem4d_ros.mapping.rotations import exponential, orthonormal, seen_turning
from mem4d_ros.mapping.sharpness import whitened

OUTLIER_SIGMAS = 3.0
"""An observation whose error is larger is none."""
ROBUST_SIGMAS = 2.0
"""Errors lose weight by Cauchy's function of this scale."""
SLIP_SIGMAS = 10.0
"""The same for what another odometry tells: wheels slip."""
PRIOR_DEVIATION = 0.7
"""Of the network's log depth beside its keyframe's scale: weak, parallax soon decides."""
SCALE_STEP, SCALE_DEVIATION = 0.05, 0.2
"""Deviations of a keyframe's log scale from the one before, and from the network's metres."""
FIRST_DAMPING, LARGEST_DAMPING = 1e-4, 1e4
LEAST_INFORMATION = 1e-4
"""Of each unknown: what nothing ties down stays, and the equations can be solved."""
LARGEST_LOG = float(np.log(1e4))
"""Of a depth in metres: farther away, or nearer than its inverse, it makes no difference."""
CONVERGED = 1e-3
"""Relative decrease of the cost after which nothing is gained any more."""


@dataclass(frozen=True)
class BundleProblem:
    """A window of K keyframes in order of time, L landmarks and M observations.

    Attributes:
        camera_to_world: (K, 4, 4).
        log_scale: (K,), log of the map's metres by the network's.
        is_free: (K,) bool; the others hold the map in place.
        host: (L,) index of the keyframe at whose pixel the landmark lies.
        rays: (L, 3), its viewing direction there, z = 1.
        log_inverse: (L,), log of its inverse depth, depth in metres of the map.
        log_prior: (L,), log depth there in the network's metres; NaN where it said nothing.
        prior_deviation: (L,), of that.
        landmark, keyframe: (M,) indices: which was seen from where, without the host itself.
        seen: (M, 2), where, on the plane z = 1.
        whitening: (M, 2, 2), times which an error there is one in standard deviations.
        ways: between keyframes that follow each other, as another odometry tells them.
    """

    camera_to_world: np.ndarray
    log_scale: np.ndarray
    is_free: np.ndarray
    host: np.ndarray
    rays: np.ndarray
    log_inverse: np.ndarray
    log_prior: np.ndarray
    prior_deviation: np.ndarray
    landmark: np.ndarray
    keyframe: np.ndarray
    seen: np.ndarray
    whitening: np.ndarray
    ways: ToldWays = NO_WAYS


@dataclass(frozen=True)
class BundleSolution:
    """The problem solved.

    Attributes:
        problem: with the best poses, scales and depths.
        errors: (M,), reprojection errors in standard deviations.
        depth_variance: (L,), of the log depth, poses taken as right.
        whole_depth_variance: (L,), of the log depth, with what the poses add.
        covariance: (F, 6, 6) of the free keyframes in their order: turn about the camera's axes in
            rad, then position in the world in metres.
    """

    problem: BundleProblem
    errors: np.ndarray
    depth_variance: np.ndarray
    whole_depth_variance: np.ndarray
    covariance: np.ndarray


def solve(problem: BundleProblem, iterations: int = 8) -> BundleSolution:
    """Minimise the robust cost. `problem` needs at least one keyframe that is not free."""
    damping = FIRST_DAMPING
    system = _linearise(problem)
    for _ in range(iterations):
        moved = _step(problem, system, damping)
        after = _linearise(moved)
        if not after.cost < system.cost:
            damping *= 10
            if damping > LARGEST_DAMPING:
                break
            continue
        gain = (system.cost - after.cost) / system.cost
        problem, system, damping = moved, after, max(damping / 10, 1e-8)
        if gain < CONVERGED:
            break
    return _solution(problem, system)


@dataclass(frozen=True)
class _System:
    """Normal equations: F free keyframes have 6 F pose and F scale unknowns, in this order."""

    cost: float
    block: np.ndarray  # (7 F, 7 F)
    gradient: np.ndarray  # (7 F,)
    depth_block: np.ndarray  # (L,)
    depth_gradient: np.ndarray  # (L,)
    coupling: np.ndarray  # (7 F, L)
    errors: np.ndarray  # (M,)


def _linearise(problem: BundleProblem) -> _System:
    free = np.cumsum(problem.is_free) - 1  # column of each free keyframe
    count, landmarks = int(problem.is_free.sum()), len(problem.host)
    residual, by_host, by_keyframe, by_depth = _reprojection(problem)
    squared = (residual**2).sum(0)  # (M,)
    weight = np.sqrt(1 / (1 + squared / ROBUST_SIGMAS**2))
    observations = np.arange(len(squared))
    place = np.where(problem.is_free, free, count)  # the last place is nobody's
    blocks = np.zeros((count + 1, 6, 2, len(squared)))
    blocks[place[problem.keyframe], :, :, observations] = (by_keyframe * weight).transpose(2, 0, 1)
    host = place[problem.host[problem.landmark]]
    blocks[host, :, :, observations] += (by_host * weight).transpose(2, 0, 1)
    jacobian = blocks[:count].reshape(6 * count, -1)  # (6 F, 2 M)
    by_depth, residual = by_depth * weight, residual * weight
    size = 7 * count
    block, gradient = np.zeros((size, size)), np.zeros(size)
    block[: 6 * count, : 6 * count] = jacobian @ jacobian.T
    gradient[: 6 * count] = jacobian @ residual.reshape(-1)
    products = np.empty((6 * count + 2, len(squared)))
    products[:-2] = (blocks[:count] * by_depth).sum(2).reshape(6 * count, -1)
    products[-2:] = (by_depth**2).sum(0), (by_depth * residual).sum(0)
    sums = _sum_by(problem.landmark, products, landmarks)  # (6 F + 2, L)
    coupling = np.zeros((size, landmarks))
    coupling[: 6 * count], depth_block, depth_gradient = sums[:-2], sums[-2], sums[-1]
    cost = ROBUST_SIGMAS**2 * np.log1p(squared / ROBUST_SIGMAS**2).sum()
    cost += _add_depth_prior(problem, free, block, gradient, coupling, depth_block, depth_gradient)
    cost += _add_scale_prior(problem, free, block, gradient)
    cost += _add_ways(problem, place, block, gradient)
    return _System(
        float(cost), block, gradient, depth_block + 1e-9, depth_gradient, coupling, np.sqrt(squared)
    )


def _reprojection(
    problem: BundleProblem,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Residuals (2, M) in deviations; derivatives by the poses of host and observer, by depth.

    The poses' are (6, 2, M), by depth (2, M).
    """
    rotation = problem.camera_to_world[:, :3, :3].transpose(1, 2, 0)  # (3, 3, K)
    position = problem.camera_to_world[:, :3, 3].T  # (3, K)
    host, observer = problem.host[problem.landmark], problem.keyframe
    inverse = np.exp(problem.log_inverse)[problem.landmark]
    rays = problem.rays.T[:, problem.landmark]  # (3, M)
    turn, to_world = rotation[:, :, observer], rotation[:, :, host]  # (3, 3, M)
    baseline = position[:, host] - position[:, observer]  # (3, M)
    seen_from_there = np.einsum("ijm,jm->im", to_world, rays) + inverse * baseline
    point = np.einsum("ijm,im->jm", turn, seen_from_there)
    nearness = 1 / np.maximum(point[2], 1e-3)
    on_plane = point[:2] * nearness  # (2, M)
    whitening = problem.whitening.transpose(1, 2, 0)  # (2, 2, M)
    residual = whitened(whitening, on_plane - problem.seen.T)
    # How the image moves with the point, in the world (3, 2, M) and as the host is turned.
    by_point = whitened(whitening, (turn[:, :2] - turn[:, 2:] * on_plane) * nearness)
    by_turned = np.einsum("ijm,iem->jem", to_world, by_point)
    by_host, by_keyframe = np.empty((2, 6, 2, len(nearness)))
    by_host[0] = by_turned[2] * rays[1] - by_turned[1] * rays[2]
    by_host[1] = by_turned[0] * rays[2] - by_turned[2] * rays[0]
    by_host[2] = by_turned[1] * rays[0] - by_turned[0] * rays[1]
    by_host[3:] = by_point * inverse
    by_keyframe[:3] = whitened(whitening, seen_turning(on_plane, point[2] * nearness))
    by_keyframe[3:] = -by_host[3:]
    by_depth = (by_host[3:] * baseline[:, None]).sum(0)
    return residual, by_host, by_keyframe, by_depth


def _add_depth_prior(
    problem: BundleProblem,
    free: np.ndarray,
    block: np.ndarray,
    gradient: np.ndarray,
    coupling: np.ndarray,
    depth_block: np.ndarray,
    depth_gradient: np.ndarray,
) -> float:
    """Log inverse depth + scale + log prior is near 0. Adds in place; returns the cost."""
    told = np.flatnonzero(np.isfinite(problem.log_prior))
    information = 1 / problem.prior_deviation[told] ** 2
    host = problem.host[told]
    residual = problem.log_inverse[told] + problem.log_scale[host] + problem.log_prior[told]
    depth_block[told] += information
    depth_gradient[told] += information * residual
    count = len(gradient) // 7
    moves = problem.is_free[host]
    columns = 6 * count + free[host[moves]]
    coupling[columns, told[moves]] += information[moves]
    np.add.at(block, (columns, columns), information[moves])
    np.add.at(gradient, columns, (information * residual)[moves])
    return float((information * residual**2).sum())


def _add_scale_prior(
    problem: BundleProblem, free: np.ndarray, block: np.ndarray, gradient: np.ndarray
) -> float:
    """Scales are near 0, and near the one before. Adds in place; returns the cost."""
    count = len(gradient) // 7
    keyframes = len(problem.log_scale)
    each = np.eye(keyframes)
    rows = np.concatenate((each / SCALE_DEVIATION, (each[1:] - each[:-1]) / SCALE_STEP))
    residual = rows @ problem.log_scale
    columns = rows[:, problem.is_free]
    block[6 * count :, 6 * count :] += columns.T @ columns
    gradient[6 * count :] += columns.T @ residual
    return float((residual**2).sum())


def _add_ways(
    problem: BundleProblem, place: np.ndarray, block: np.ndarray, gradient: np.ndarray
) -> float:
    """What another odometry tells; wheels may slip. Adds in place; returns the robust cost.

    Args:
        place: (K,) column of each keyframe, the last one those that are not free.
    """
    count, ways = len(gradient) // 7, problem.ways
    errors, by_earlier, by_later = ways.linearised(problem.camera_to_world)
    squared = (errors**2).sum(-1)  # (W,)
    weight = np.sqrt(1 / (1 + squared / SLIP_SIGMAS**2))
    each = np.arange(len(errors))
    blocks = np.zeros((count + 1, len(errors), 6, 6))  # by the keyframe's unknowns
    blocks[place[ways.earlier], each] = by_earlier
    blocks[place[ways.later], each] += by_later
    jacobian = (blocks[:count] * weight[:, None, None]).transpose(0, 3, 1, 2)
    jacobian = jacobian.reshape(6 * count, -1)  # (6 F, 6 W)
    block[: 6 * count, : 6 * count] += jacobian @ jacobian.T
    gradient[: 6 * count] += jacobian @ (errors * weight[:, None]).reshape(-1)
    return float(SLIP_SIGMAS**2 * np.log1p(squared / SLIP_SIGMAS**2).sum())


def _step(problem: BundleProblem, system: _System, damping: float) -> BundleProblem:
    count = len(system.gradient) // 7
    depth_block = system.depth_block * (1 + damping)
    eliminated = system.coupling / depth_block
    reduced = system.block + np.diag(system.block.diagonal() * damping + LEAST_INFORMATION)
    reduced = reduced - system.coupling @ eliminated.T
    change = -np.linalg.solve(reduced, system.gradient - eliminated @ system.depth_gradient)
    depth_change = -(system.depth_gradient + change @ system.coupling) / depth_block
    poses = problem.camera_to_world.copy()
    moves = np.flatnonzero(problem.is_free)
    pose_change = change[: 6 * count].reshape(count, 6)
    poses[moves, :3, :3] = orthonormal(poses[moves, :3, :3] @ exponential(pose_change[:, :3]))
    poses[moves, :3, 3] += pose_change[:, 3:]
    log_scale = problem.log_scale.copy()
    log_scale[moves] += change[6 * count :]
    return replace(
        problem,
        camera_to_world=poses,
        log_scale=log_scale,
        log_inverse=(problem.log_inverse + depth_change.clip(-1, 1)).clip(
            -LARGEST_LOG, LARGEST_LOG
        ),
    )


def _solution(problem: BundleProblem, system: _System) -> BundleSolution:
    count = len(system.gradient) // 7
    eliminated = system.coupling / system.depth_block
    reduced = system.block - system.coupling @ eliminated.T
    unknowns = np.linalg.inv(reduced + LEAST_INFORMATION * np.eye(7 * count))  # their covariance
    by_poses = (eliminated * (unknowns @ eliminated)).sum(0)
    poses = unknowns[: 6 * count, : 6 * count].reshape(count, 6, count, 6)
    return BundleSolution(
        problem,
        system.errors,
        depth_variance=1 / system.depth_block,
        whole_depth_variance=1 / system.depth_block + by_poses,
        covariance=poses[np.arange(count), :, np.arange(count)],
    )


def _sum_by(index: np.ndarray, values: np.ndarray, count: int) -> np.ndarray:
    """Sums (D, count) of values (D, M) by index (M,), which does not decrease."""
    sums = np.zeros((len(values), count))
    if len(index):
        starts = np.flatnonzero(np.append(True, index[1:] != index[:-1]))
        sums[:, index[starts]] = np.add.reduceat(values, starts, axis=1)
    return sums
