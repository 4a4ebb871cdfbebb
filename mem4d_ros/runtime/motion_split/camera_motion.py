"""The camera's motion between two views, corrected by the flow of the image."""

from __future__ import annotations

import cv2
import numpy as np

from mem4d_ros.geometry import pose_from_rotation

STRIDE = 8
"""Every so many pixels and rows count."""
ROUNDS = 6
TRIMMING = 1.5
"""The kernel's width in medians of the residual: what moves of its own loses its influence."""
SMALLEST_WIDTH = 0.1
"""Pixels of error that the flow makes anyway."""
DAMPING = 1e-6


def correct_motion(
    seen_at: np.ndarray,
    rays: np.ndarray,
    inverse_depth: np.ndarray,
    usable: np.ndarray,
    intrinsics: np.ndarray,
    other_from_this: np.ndarray,
) -> np.ndarray:
    """The rigid motion (4, 4) near `other_from_this` that explains the largest part of the flow.

    `seen_at` (H, W, 2) says where each pixel was found in the other view; rays (H, W, 3),
    inverse depths (H, W) and `usable` (H, W) bool belong to this view. Gauss-Newton on the
    reprojection error, re-weighted by Geman and McClure's function.
    """
    grid = (slice(STRIDE // 2, None, STRIDE), slice(STRIDE // 2, None, STRIDE))
    chosen = usable[grid] & (inverse_depth[grid] > 0)
    if chosen.sum() < 6:
        return other_from_this
    points = (rays[grid] / np.maximum(inverse_depth[grid], 1e-6)[..., None])[chosen]
    points, found = points.astype(np.float64), seen_at[grid][chosen].astype(np.float64)
    motion = other_from_this
    for _ in range(ROUNDS):
        motion = _step(points, found, intrinsics, motion) @ motion
    return motion


def _step(
    points: np.ndarray, found: np.ndarray, intrinsics: np.ndarray, motion: np.ndarray
) -> np.ndarray:
    """A small motion (4, 4) that brings points (N, 3) closer to pixels (N, 2)."""
    moved = points @ motion[:3, :3].T + motion[:3, 3]
    inverse = 1 / np.maximum(moved[:, 2], 1e-3)
    x, y = moved[:, 0] * inverse, moved[:, 1] * inverse
    focal = np.array([intrinsics[0, 0], intrinsics[1, 1]])
    expected = np.stack((x, y), -1) * focal + intrinsics[:2, 2]
    residual = found - expected  # (N, 2)
    length = np.linalg.norm(residual, axis=-1)
    width = max(TRIMMING * float(np.median(length)), SMALLEST_WIDTH)
    trust = 1 / (1 + (length / width) ** 2) ** 2
    zero = np.zeros_like(x)
    # How a pixel moves with a shift (3) and a turn (3) of its point, in the other view.
    by_x = np.stack((inverse, zero, -x * inverse, -x * y, 1 + x * x, -y), -1) * focal[0]
    by_y = np.stack((zero, inverse, -y * inverse, -(1 + y * y), x * y, x), -1) * focal[1]
    normal = (by_x.T * trust) @ by_x + (by_y.T * trust) @ by_y
    gradient = (trust * residual[:, 0]) @ by_x + (trust * residual[:, 1]) @ by_y
    normal += DAMPING * np.diag(np.diag(normal)) + 1e-9 * np.eye(6)
    change = np.linalg.solve(normal, gradient)
    return pose_from_rotation(cv2.Rodrigues(change[3:])[0], change[:3])
