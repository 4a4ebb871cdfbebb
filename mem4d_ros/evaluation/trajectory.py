"""Camera pose (the paper's table 2): the absolute trajectory error after a Sim(3) alignment."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mem4d_ros.geometry import align_similarity


@dataclass(frozen=True)
class TrajectoryErrors:
    """RMSE of positions in metres, and the length of the true path in metres."""

    ate_m: float
    path_m: float

    @property
    def ate_share(self) -> float:
        """ATE as a share of the path's length."""
        return self.ate_m / self.path_m


def trajectory_errors(predicted: np.ndarray, true: np.ndarray) -> TrajectoryErrors:
    """ATE of camera-to-world poses (T, 4, 4), T ≥ 3.

    A prediction that stands still cannot be aligned: its error is the spread of the true positions
    around their mean, which is what the best similarity (scale 0) leaves.
    """
    if predicted.shape != true.shape or len(true) < 3:
        raise ValueError(f"need two sets of at least 3 poses, got {predicted.shape}, {true.shape}")
    positions, truth = predicted[:, :3, 3], true[:, :3, 3]
    if np.ptp(positions, axis=0).max() < 1e-12:
        aligned = np.broadcast_to(truth.mean(axis=0), truth.shape)
    else:
        aligned = align_similarity(positions, truth).apply(positions)
    return TrajectoryErrors(
        ate_m=float(np.sqrt(((aligned - truth) ** 2).sum(-1).mean())),
        path_m=float(np.linalg.norm(np.diff(truth, axis=0), axis=-1).sum()),
    )
