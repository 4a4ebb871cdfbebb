"""Least-squares alignment of corresponding points (Umeyama, PAMI 1991)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Similarity:
    """x -> scale * rotation @ x + translation."""

    scale: float
    rotation: np.ndarray  # (3, 3)
    translation: np.ndarray  # (3,)

    def apply(self, points: np.ndarray) -> np.ndarray:
        """Move points (..., 3)."""
        return self.scale * points @ self.rotation.T + self.translation


def align_similarity(source: np.ndarray, target: np.ndarray) -> Similarity:
    """The Sim(3) that moves source (N, 3) closest to target (N, 3).

    Points on one line leave the turn about it open; any best one is returned. Raises ValueError for
    points that do not correspond, are not finite, or all coincide in the source.
    """
    source_mean, target_mean, rotation, gain = _best_rotation(source, target)
    variance = ((source - source_mean) ** 2).sum(-1).mean()
    if variance == 0:
        raise ValueError("all source points coincide: their scale is unknown")
    scale = float(gain / variance)
    return Similarity(scale, rotation, target_mean - scale * rotation @ source_mean)


def align_rigid(
    source: np.ndarray, target: np.ndarray, weights: np.ndarray | None = None
) -> Similarity:
    """The SE(3), scale 1, that moves source (N, 3) closest to target (N, 3).

    `weights` (N,) >= 0, not all 0, say how much each point counts; None: all the same.
    Points on one line leave the turn about it open; any best one is returned. Raises ValueError for
    points that do not correspond or are not finite.
    """
    source_mean, target_mean, rotation, _ = _best_rotation(source, target, weights)
    return Similarity(1.0, rotation, target_mean - rotation @ source_mean)


def _best_rotation(
    source: np.ndarray, target: np.ndarray, weights: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    """Both means (3,), the best rotation (3, 3), and the covariance it gains (Umeyama's tr DS)."""
    if source.shape != target.shape or source.ndim != 2 or source.shape[1] != 3 or not len(source):
        raise ValueError(
            f"alignment needs two arrays of one shape (N, 3), got {source.shape} and {target.shape}"
        )
    if not (np.isfinite(source).all() and np.isfinite(target).all()):
        raise ValueError("alignment needs finite points: remove NaN and Inf first")
    share = np.full(len(source), 1 / len(source)) if weights is None else weights / weights.sum()
    source_mean, target_mean = share @ source, share @ target
    covariance = (share[:, None] * (target - target_mean)).T @ (source - source_mean)
    left, singular_values, right = np.linalg.svd(covariance)
    signs = np.array([1.0, 1.0, np.sign(np.linalg.det(left @ right))])  # no reflections
    return source_mean, target_mean, left * signs @ right, float(singular_values @ signs)
