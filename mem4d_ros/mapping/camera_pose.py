"""The pose from which landmarks are seen where they are seen; how uncertain they are counts.

A landmark whose depth is only guessed may lie anywhere along its ray from its host: across that
line its observation is as good as any, along it it says little. So the covariance of each
observation is that of the tracking, which is sure across an edge and not along it, plus that of the
depth, as seen from the camera.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from mem4d_ros.geometry import pose_from_rotation, rigid_inverse, transform_points
from mem4d_ros.mapping.rotations import orthonormal, seen_turning
from mem4d_ros.mapping.sharpness import whitened

ROBUST_SIGMAS = 2.0
"""Errors lose weight by Cauchy's function of this scale."""
OUTLIER_SIGMAS = 3.5
ITERATIONS = 15
CONVERGED = 1e-5
"""Length of a step, in rad and by the median depth, after which nothing moves any more."""
NEAR = 1e-3
"""The same as long as the uncertainty of depth counts by its size alone."""
MIN_CORNERS = 10
MIN_AGREEING_RATIO = 0.35
"""So many landmarks, and of all, must agree on a pose; those on edges count next to nothing."""
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
        sharpness: (N, 2, 3), directions in which they are seen (`sharpness.py`), in the world.
    """

    position: np.ndarray
    depth_change: np.ndarray
    variance: np.ndarray
    weight: np.ndarray
    sharpness: np.ndarray


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
        seen: (N, 2), where the points are seen on the plane z = 1, and its deviation in the
            direction in which it is least.
    """
    worth = np.linalg.norm(points.sharpness[:, 1], axis=-1)  # (N,), 1 at corners, 0 on edges
    if worth.sum() < MIN_CORNERS:
        return None
    found = refine(points, seen, deviation, expected)
    if _is_enough(found, worth):
        return found
    sampled = sampled_pose(points.position, seen, 6 * deviation, iterations=200)
    if sampled is None or worth[sampled.agree].sum() < MIN_CORNERS:
        return None
    found = refine(points, seen, deviation, sampled.camera_to_world)
    return found if _is_enough(found, worth) else None


def _is_enough(found: Located, worth: np.ndarray) -> bool:
    """Whether enough corners agree: along an edge a point agrees with any pose."""
    agree = worth[found.agrees].sum()
    return bool(agree >= max(MIN_CORNERS, MIN_AGREEING_RATIO * worth.sum()))


def refine(points: Points, seen: np.ndarray, deviation: float, start: np.ndarray) -> Located:
    """Robust Gauss-Newton from a pose (4, 4).

    At first the uncertainty of depth counts by its size alone. Its direction in the image
    depends on the pose, and far from the right one it would lead astray.
    """
    observed = _Observed.of(points, seen, deviation, start)
    near = _descend(observed, start, NEAR, directed=False)
    pose = _descend(observed, near, CONVERGED, directed=True)
    residual, jacobian, depth = _whitened(observed, pose)
    squared = (residual**2).sum(0)
    agrees = (squared < OUTLIER_SIGMAS**2) & (depth > MIN_DEPTH)
    inner = jacobian[:, :, agrees].reshape(6, -1)
    covariance = np.linalg.inv(_held(inner @ inner.T))
    return Located(pose, covariance, agrees)


@dataclass(frozen=True)
class _Observed:
    """Points and where they are seen, one after the other in memory: there are few, and many steps.

    Attributes:
        position, depth_change: (3, N); variance, weight: (N,), as in `Points`.
        seen: (2, N), on the plane z = 1.
        whitening: (2, 2, N), times which an error there is one in deviations.
    """

    position: np.ndarray
    depth_change: np.ndarray
    variance: np.ndarray
    weight: np.ndarray
    seen: np.ndarray
    whitening: np.ndarray

    @staticmethod
    def of(points: Points, seen: np.ndarray, deviation: float, pose: np.ndarray) -> _Observed:
        """Points, and where they are seen, (N, 2), from about a pose (4, 4)."""
        columns = (points.position, points.depth_change, seen)
        position, depth_change, seen = (np.ascontiguousarray(c.T) for c in columns)
        sharpness = points.sharpness @ pose[:3, :2] / deviation  # (N, 2, 2)
        whitening = np.ascontiguousarray(sharpness.transpose(1, 2, 0))
        return _Observed(position, depth_change, points.variance, points.weight, seen, whitening)


def _descend(
    observed: _Observed, start: np.ndarray, converged: float, directed: bool
) -> np.ndarray:
    pose = start.copy()
    for _ in range(ITERATIONS):
        residual, jacobian, depth = _whitened(observed, pose, directed)
        squared = (residual**2).sum(0)
        scale = max(ROBUST_SIGMAS**2, np.median(squared))  # all are far off at first
        weighted = jacobian * (observed.weight / (1 + squared / scale))  # (6, 2, N)
        weighted, jacobian = weighted.reshape(6, -1), jacobian.reshape(6, -1)
        information = _held(weighted @ jacobian.T)
        change = -np.linalg.solve(information, weighted @ residual.reshape(-1))
        pose[:3, :3] = pose[:3, :3] @ cv2.Rodrigues(change[:3])[0]
        pose[:3, 3] += change[3:]
        if max(abs(change[:3]).max(), abs(change[3:]).max() / np.median(depth)) < converged:
            break
    pose[:3, :3] = orthonormal(pose[:3, :3])
    return pose


def _held(information: np.ndarray) -> np.ndarray:
    """Information (6, 6) by which no direction is quite free, so that it can be inverted."""
    held: np.ndarray = information + (1e-9 + 1e-12 * np.trace(information)) * np.eye(6)
    return held


def _whitened(
    observed: _Observed, pose: np.ndarray, directed: bool = True
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Residuals (2, N) in deviations, their derivatives (6, 2, N) by the pose, and depths (N,)."""
    to_camera = pose[:3, :3].T
    local = to_camera @ (observed.position - pose[:3, 3:])  # (3, N)
    scale = 1 / np.maximum(local[2], MIN_DEPTH)
    on_plane = local[:2] * scale
    jacobian = np.empty((6, 2, len(scale)))
    jacobian[:3] = seen_turning(on_plane, local[2] * scale)
    for axis in range(3):
        jacobian[3 + axis] = (on_plane * to_camera[2, axis] - to_camera[:2, axis, None]) * scale
    whitening = observed.whitening
    residual = whitened(whitening, on_plane - observed.seen)
    jacobian = whitened(whitening, jacobian)
    if not directed:
        area = abs(whitening[0, 0] * whitening[1, 1] - whitening[0, 1] * whitening[1, 0])
        trust = 1 / np.sqrt(1 + observed.variance * SIDEWAYS**2 * area)
        return residual * trust, jacobian * trust, local[2]
    # The covariance I + variance g gᵀ has the inverse root I - c ĝ ĝᵀ.
    change = to_camera @ observed.depth_change  # (3, N)
    by_depth = whitened(whitening, (change[:2] - on_plane * change[2]) * scale)
    length = np.sqrt((by_depth**2).sum(0)) + 1e-12
    along = by_depth / length
    shrunk = (1 - 1 / np.sqrt(1 + observed.variance * length**2)) * along
    residual -= shrunk * (along * residual).sum(0)
    jacobian -= shrunk * (along * jacobian).sum(1, keepdims=True)
    return residual, jacobian, local[2]


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
