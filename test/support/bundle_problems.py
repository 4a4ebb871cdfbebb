"""A window of cameras side by side, exact and disturbed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mem4d_ros.mapping import bundle
from mem4d_ros.mapping.bundle import PRIOR_DEVIATION, BundleProblem
from mem4d_ros.mapping.rotations import exponential

KEYFRAMES, LANDMARKS, DEVIATION = 5, 80, 0.002


def exact_problem(seed: int = 0, landmarks: int = LANDMARKS) -> BundleProblem:
    """Cameras side by side before points 2 to 5 m away, everything as it is."""
    rng = np.random.default_rng(seed)
    poses = np.tile(np.eye(4), (KEYFRAMES, 1, 1))
    poses[:, :3, :3] = exponential(rng.normal(0, 0.05, (KEYFRAMES, 3)))
    poses[:, :3, 3] = rng.normal(0, 0.05, (KEYFRAMES, 3)) + np.arange(KEYFRAMES)[:, None] * [
        0.2,
        0,
        0,
    ]
    poses[0] = np.eye(4)
    host = rng.integers(0, KEYFRAMES, landmarks)
    rays = np.concatenate((rng.uniform(-0.4, 0.4, (landmarks, 2)), np.ones((landmarks, 1))), -1)
    log_inverse = -np.log(rng.uniform(2, 5, landmarks))
    landmark = np.repeat(np.arange(landmarks), KEYFRAMES)
    keyframe = np.tile(np.arange(KEYFRAMES), landmarks)
    elsewhere = host[landmark] != keyframe
    problem = BundleProblem(
        camera_to_world=poses,
        log_scale=np.zeros(KEYFRAMES),
        is_free=np.arange(KEYFRAMES) > 0,
        host=host,
        rays=rays,
        log_inverse=log_inverse,
        log_prior=-log_inverse,
        prior_deviation=np.full(landmarks, PRIOR_DEVIATION),
        landmark=landmark[elsewhere],
        keyframe=keyframe[elsewhere],
        seen=np.zeros((int(elsewhere.sum()), 2)),
        whitening=np.tile(np.eye(2) / DEVIATION, (int(elsewhere.sum()), 1, 1)),
    )
    residual = bundle._reprojection(problem)[0]
    return replace(problem, seen=residual.T * DEVIATION)


def moved(problem: BundleProblem, change: np.ndarray) -> BundleProblem:
    """Free keyframes moved by (F, 6)."""
    poses = problem.camera_to_world.copy()
    free = np.flatnonzero(problem.is_free)
    poses[free, :3, :3] = poses[free, :3, :3] @ exponential(change[:, :3])
    poses[free, :3, 3] += change[:, 3:]
    return replace(problem, camera_to_world=poses)


def disturbed(problem: BundleProblem, seed: int = 1) -> BundleProblem:
    rng = np.random.default_rng(seed)
    change = rng.normal(0, 0.02, (KEYFRAMES - 1, 6))
    return replace(
        moved(problem, change),
        log_inverse=problem.log_inverse + rng.normal(0, 0.2, len(problem.host)),
    )
