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
CONVERGED = 1e-5
"""Length of a step, in rad and by the median depth, after which nothing moves any more."""


def correct_motion(
    seen_at: np.ndarray,
    rays: np.ndarray,
    inverse_depth: np.ndarray,
    usable: np.ndarray,
    intrinsics: np.ndarray,
    other_from_this: np.ndarray,
) -> np.ndarray:
    """The rigid motion (4, 4) near `other_from_this` that explains the largest part of the flow.

    `seen_at` (2, H, W) says where each pixel was found in the other view; rays (H, W, 3),
    inverse depths (H, W) and `usable` (H, W) bool belong to this view. Gauss-Newton on the
    reprojection error, re-weighted by Geman and McClure's function.
    """
    rows, columns = (slice(STRIDE // 2, None, STRIDE) for _ in range(2))
    chosen = usable[rows, columns] & (inverse_depth[rows, columns] > 0)
    if chosen.sum() < 6:
        return other_from_this
    inverse = inverse_depth[rows, columns][chosen].astype(np.float64)  # (N,)
    points = rays[rows, columns][chosen].T / inverse  # (3, N)
    found = seen_at[:, rows, columns][:, chosen].astype(np.float64)  # (2, N)
    nearness = float(np.median(inverse))
    motion = other_from_this
    for _ in range(ROUNDS):
        change = _change(points, found, intrinsics, motion)
        motion = pose_from_rotation(cv2.Rodrigues(change[3:])[0], change[:3]) @ motion
        if max(abs(change[3:]).max(), abs(change[:3]).max() * nearness) < CONVERGED:
            break
    return motion


def _change(
    points: np.ndarray, found: np.ndarray, intrinsics: np.ndarray, motion: np.ndarray
) -> np.ndarray:
    """Shift and turn, (6,), that bring points (3, N) closer to pixels (2, N) after a motion."""
    moved = motion[:3, :3] @ points + motion[:3, 3:]
    inverse = 1 / np.maximum(moved[2], 1e-3)
    x, y = on_plane = moved[:2] * inverse
    focal = intrinsics[[0, 1], [0, 1], None]
    residual = found - (on_plane * focal + intrinsics[:2, 2:])  # (2, N)
    length = np.sqrt((residual**2).sum(0))
    width = max(TRIMMING * float(np.median(length)), SMALLEST_WIDTH)
    trust = 1 / (1 + (length / width) ** 2) ** 2
    # How a pixel moves with a shift (3) and a turn (3) of its point, in the other view.
    moves = np.zeros((6, 2, len(x)))
    moves[0, 0] = moves[1, 1] = inverse
    moves[2] = -on_plane * inverse
    moves[3] = -x * y, -(1 + y * y)
    moves[4] = 1 + x * x, x * y
    moves[5] = -y, x
    moves *= focal
    weighted = (moves * trust).reshape(6, -1)
    normal = weighted @ moves.reshape(6, -1).T
    normal += DAMPING * np.diag(np.diag(normal)) + 1e-9 * np.eye(6)
    return np.linalg.solve(normal, weighted @ residual.reshape(-1))
