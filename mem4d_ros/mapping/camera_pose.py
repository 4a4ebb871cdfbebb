"""The pose from which landmarks are seen where they are seen; how uncertain they are counts.

A landmark whose depth is only guessed may lie anywhere along its ray from its host: across that
line its observation is as good as any, along it it says little. So the covariance of each
observation is that of the tracking plus that of the depth, as seen from the camera.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from mem4d_ros.geometry import pose_from_rotation, rigid_inverse, transform_points
from mem4d_ros.mapping.rotations import exponential, orthonormal, skew

ROBUST_SIGMAS = 2.0
"""Errors lose weight by Cauchy's function of this scale."""
OUTLIER_SIGMAS = 3.5
ITERATIONS = 15
CONVERGED = 1e-5
"""Length of a step, in rad and by the median depth, after which nothing moves any more."""
MIN_INLIERS = 15
MIN_INLIER_RATIO = 0.35
MIN_DEPTH = 1e-3
SIDEWAYS = 0.05
"""Way across the line of sight since the host, by the distance: as a first guess for all."""


@dataclass(frozen=True)
class Points:
    """N landmarks in the world, as far as they are known.

    Attributes:
        position: (N, 3) metres.
        depth_change: (N, 3), how the position moves with the logarithm of its depth.
        variance: (N,), of the logarithm of its depth.
        weight: (N,), how much an observation counts beside the others'.
    """

    position: np.ndarray
    depth_change: np.ndarray
    variance: np.ndarray
    weight: np.ndarray


@dataclass(frozen=True)
class Located:
    """A pose found.

    Attributes:
        camera_to_world: (4, 4).
        covariance: (6, 6): turn about the camera's axes in rad, position in the world in metres.
        agrees: (N,) bool, which landmarks are seen where they should be.
    """

    camera_to_world: np.ndarray
    covariance: np.ndarray
    agrees: np.ndarray


@dataclass(frozen=True)
class Sampled:
    """A pose camera_to_world (4, 4), and the indices (n,) of the points that agree on it."""

    camera_to_world: np.ndarray
    agree: np.ndarray


def locate(
    points: Points, seen: np.ndarray, deviation: float, expected: np.ndarray
) -> Located | None:
    """The pose near `expected` (4, 4), else near the best of a sample; None if too few agree.

    Args:
        seen: (N, 2), where the points are seen on the plane z = 1, and its deviation.
    """
    if len(seen) < MIN_INLIERS:
        return None
    found = refine(points, seen, deviation, expected)
    if _is_enough(found):
        return found
    sampled = sampled_pose(points.position, seen, 6 * deviation, iterations=200)
    if sampled is None or len(sampled.agree) < MIN_INLIERS:
        return None
    found = refine(points, seen, deviation, sampled.camera_to_world)
    return found if _is_enough(found) else None


def _is_enough(found: Located) -> bool:
    agree = found.agrees.sum()
    return bool(agree >= max(MIN_INLIERS, MIN_INLIER_RATIO * len(found.agrees)))


def refine(points: Points, seen: np.ndarray, deviation: float, start: np.ndarray) -> Located:
    """Robust Gauss-Newton from a pose (4, 4).

    At first the uncertainty of depth counts by its size alone. Its direction in the image
    depends on the pose, and far from the right one it would lead astray.
    """
    near = _descend(points, seen, deviation, start, directed=False)
    pose = _descend(points, seen, deviation, near, directed=True)
    residual, jacobian, depth = _whitened(points, seen, deviation, pose)
    squared = (residual**2).sum(-1)
    agrees = (squared < OUTLIER_SIGMAS**2) & (depth > MIN_DEPTH)
    inner = jacobian[agrees].reshape(-1, 6)
    covariance = np.linalg.inv(inner.T @ inner + 1e-9 * np.eye(6))
    return Located(pose, covariance, agrees)


def _descend(
    points: Points, seen: np.ndarray, deviation: float, start: np.ndarray, directed: bool
) -> np.ndarray:
    pose = start.copy()
    for _ in range(ITERATIONS):
        residual, jacobian, depth = _whitened(points, seen, deviation, pose, directed)
        squared = (residual**2).sum(-1)
        scale = max(ROBUST_SIGMAS**2, np.median(squared))  # all are far off at first
        weight = points.weight / (1 + squared / scale)
        weighted = (jacobian * weight[:, None, None]).reshape(-1, 6)
        jacobian = jacobian.reshape(-1, 6)
        information = weighted.T @ jacobian + 1e-9 * np.eye(6)
        change = -np.linalg.solve(information, weighted.T @ residual.reshape(-1))
        pose[:3, :3] = orthonormal(pose[:3, :3] @ exponential(change[:3]))
        pose[:3, 3] += change[3:]
        if max(abs(change[:3]).max(), abs(change[3:]).max() / np.median(depth)) < CONVERGED:
            break
    return pose


def _whitened(
    points: Points, seen: np.ndarray, deviation: float, pose: np.ndarray, directed: bool = True
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Residuals (N, 2) in deviations, their derivatives (N, 2, 6) by the pose, and depths (N,)."""
    rotation = pose[:3, :3]
    local = (points.position - pose[:3, 3]) @ rotation  # (N, 3)
    depth = np.maximum(local[:, 2], MIN_DEPTH)
    x, y = local[:, 0] / depth, local[:, 1] / depth
    projection = np.zeros((len(x), 2, 3))
    projection[:, 0, 0] = projection[:, 1, 1] = 1 / depth
    projection[:, 0, 2], projection[:, 1, 2] = -x / depth, -y / depth
    residual = np.stack((x, y), -1) - seen
    by_depth = np.einsum("nij,nj->ni", projection, points.depth_change @ rotation)
    jacobian = np.concatenate((projection @ skew(local), -projection @ rotation.T), -1)
    if not directed:
        weight = 1 / np.sqrt(deviation**2 + points.variance * SIDEWAYS**2)
        return residual * weight[:, None], jacobian * weight[:, None, None], local[:, 2]
    # The covariance deviation² I + variance g gᵀ has the inverse root (I - c ĝ ĝᵀ) / deviation.
    length = np.linalg.norm(by_depth, axis=-1) + 1e-12
    along = by_depth / length[:, None]
    spread = np.sqrt(1 + points.variance * (length / deviation) ** 2)
    shrink = (1 - 1 / spread)[:, None]
    residual = residual - shrink * along * (along * residual).sum(-1, keepdims=True)
    inner = np.einsum("ni,nij->nj", along, jacobian)
    jacobian = jacobian - (shrink * along)[:, :, None] * inner[:, None]
    return residual / deviation, jacobian / deviation, local[:, 2]


def sampled_pose(
    points_world: np.ndarray, seen: np.ndarray, largest_error: float, iterations: int
) -> Sampled | None:
    """A pose on which many points agree (Fischler and Bolles' RANSAC with three points each).

    Args:
        points_world: (N, 3); seen: (N, 2), where they are seen on the plane z = 1.
        largest_error: there, of a point that agrees.
    """
    success, rotation, translation, inliers = cv2.solvePnPRansac(
        points_world,
        seen,
        np.eye(3),
        None,
        iterationsCount=iterations,
        reprojectionError=largest_error,
        confidence=0.999,
        flags=cv2.SOLVEPNP_AP3P,
    )
    if not success or inliers is None:
        return None
    pose = rigid_inverse(pose_from_rotation(cv2.Rodrigues(rotation)[0], translation[:, 0]))
    return Sampled(pose, inliers[:, 0])


def seen_at(points_world: np.ndarray, camera_to_world: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where points (N, 3) are on the plane z = 1, (N, 2), and their depths (N,)."""
    local = transform_points(rigid_inverse(camera_to_world), points_world)
    depth = local[:, 2]
    return local[:, :2] / np.where(depth > MIN_DEPTH, depth, np.nan)[:, None], depth
