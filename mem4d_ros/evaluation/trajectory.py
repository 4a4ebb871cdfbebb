"""A camera's path against the true one, after the similarity that fits it best."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mem4d_ros.evaluation.errors import NotMeasurable
from mem4d_ros.geometry import Similarity, align_similarity


@dataclass(frozen=True)
class TrajectoryErrors:
    """Errors of positions.

    Attributes:
        ate_m: RMSE of positions.
        scale: true metres of one predicted metre; 0 for a static prediction.
        path_m: length of the true path.
    """

    ate_m: float
    scale: float
    path_m: float

    @property
    def ate_share(self) -> float | None:
        """Ratio of ATE to path length; None for a static camera."""
        return self.ate_m / self.path_m if self.path_m else None


def align_trajectory(predicted: np.ndarray, true: np.ndarray) -> Similarity:
    """The Sim(3) (Umeyama) from predicted to true positions of poses (T, 4, 4), T ≥ 3.

    A static prediction has no scale: it is moved to the mean of the true positions,
    which is what the best similarity (scale 0) does.

    Raises:
        NotMeasurable: fewer poses, or not equally many.
    """
    if predicted.shape != true.shape or len(true) < 3:
        raise NotMeasurable(
            f"need two sets of at least 3 poses, got {predicted.shape} and {true.shape}"
        )
    positions, truth = predicted[:, :3, 3], true[:, :3, 3]
    if np.ptp(positions, axis=0).max() < 1e-12:
        return Similarity(0.0, np.eye(3), truth.mean(axis=0))
    return align_similarity(positions, truth)


def trajectory_errors(predicted: np.ndarray, true: np.ndarray) -> TrajectoryErrors:
    """Errors of camera-to-world poses (T, 4, 4), T ≥ 3, in metres."""
    alignment = align_trajectory(predicted, true)
    positions, truth = alignment.apply(predicted[:, :3, 3]), true[:, :3, 3]
    return TrajectoryErrors(
        ate_m=float(np.sqrt(((positions - truth) ** 2).sum(axis=-1).mean())),
        scale=alignment.scale,
        path_m=float(np.linalg.norm(np.diff(truth, axis=0), axis=-1).sum()),
    )
