"""The rigid motion that lays the self-view pointmap onto the global one."""

from __future__ import annotations

import numpy as np

from mem4d_ros.geometry import Similarity, align_rigid, pose_from_rotation
from mem4d_ros.runtime.pose_sources.source import (
    NOTHING_FORESEEN,
    CameraFrame,
    Foreseen,
    PoseEstimate,
    PoseFrame,
)

STRIDE = 4
"""Every so many pixels and rows count: the pointmaps are smooth."""
MIN_POINTS = 16
ROUNDS = 10
SMALLEST_SCALE_M = 1e-6
"""Residuals this small are exact; it keeps the weights finite."""


class ProcrustesPose:
    """Confidence-weighted Procrustes between the two pointmaps of each frame, robustly."""

    keeps_global_pointmap = False

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget the newest pose."""
        self._pose = np.eye(4)

    def foresee(self, frame: CameraFrame) -> Foreseen:
        """Nothing: the pose follows from what the network says."""
        return NOTHING_FORESEEN

    def estimate(self, frame: PoseFrame) -> PoseEstimate:
        """The pose; the one before stays where too few pixels are valid in both pointmaps."""
        grid = (slice(None, None, STRIDE), slice(None, None, STRIDE))
        weights = np.sqrt(frame.confidence_camera[grid] * frame.confidence_world[grid])
        valid = weights > 0
        if valid.sum() < MIN_POINTS:
            return PoseEstimate(self._pose, measured=False)
        motion = robust_alignment(
            frame.points_camera[grid][valid].astype(np.float64),
            frame.points_world[grid][valid].astype(np.float64),
            weights[valid].astype(np.float64),
        )
        self._pose = pose_from_rotation(motion.rotation, motion.translation)
        return PoseEstimate(self._pose)


def robust_alignment(source: np.ndarray, target: np.ndarray, weights: np.ndarray) -> Similarity:
    """The SE(3) that moves source (N, 3) onto the larger part of target (N, 3) in metres.

    Least squares re-weighted by Geman and McClure's function, whose scale is the median
    residual by weight: points that do not follow the motion lose all influence.
    """
    trust = weights
    for _ in range(ROUNDS):
        motion = align_rigid(source, target, trust)
        residuals = np.linalg.norm(motion.apply(source) - target, axis=-1)
        scale = max(_weighted_median(residuals, weights), SMALLEST_SCALE_M)
        trust = weights / (1 + (residuals / scale) ** 2) ** 2
    return align_rigid(source, target, trust)


def _weighted_median(values: np.ndarray, weights: np.ndarray) -> float:
    order = np.argsort(values)
    reached = np.cumsum(weights[order])
    return float(values[order[np.searchsorted(reached, reached[-1] / 2)]])
