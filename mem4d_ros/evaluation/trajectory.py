"""Camera pose (the paper's table 2): absolute and relative errors after a Sim(3) alignment."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from mem4d_ros.geometry import Similarity, align_similarity, rigid_inverse


@dataclass(frozen=True)
class TrajectoryErrors:
    """How far poses are from the truth.

    Attributes:
        ate_m: RMSE of positions.
        rpe_m, rpe_deg: RMSE of the steps from one frame to the next, translation and rotation.
        scale: true metres of one predicted metre; 0 for a prediction that stands still.
        path_m: length of the true path.
    """

    ate_m: float
    rpe_m: float
    rpe_deg: float
    scale: float
    path_m: float

    @property
    def ate_share(self) -> float:
        """ATE as a share of the path's length; NaN for a camera that stands still."""
        return self.ate_m / self.path_m if self.path_m else math.nan


def trajectory_errors(predicted: np.ndarray, true: np.ndarray) -> TrajectoryErrors:
    """Errors of camera-to-world poses (T, 4, 4), T ≥ 3.

    A prediction that stands still cannot be aligned: its error is the spread of the true positions
    around their mean, which is what the best similarity (scale 0) leaves.
    """
    if predicted.shape != true.shape or len(true) < 3:
        raise ValueError(f"need two sets of at least 3 poses, got {predicted.shape}, {true.shape}")
    positions, truth = predicted[:, :3, 3], true[:, :3, 3]
    if np.ptp(positions, axis=0).max() < 1e-12:
        alignment = Similarity(0.0, np.eye(3), truth.mean(axis=0))
    else:
        alignment = align_similarity(positions, truth)
    aligned = alignment.apply(positions)
    step, true_step = _steps(predicted), _steps(true)
    step[:, :3, 3] *= alignment.scale
    difference = rigid_inverse(true_step) @ step
    cosine = (np.trace(difference[:, :3, :3], axis1=1, axis2=2) - 1) / 2
    return TrajectoryErrors(
        ate_m=_rms(np.linalg.norm(aligned - truth, axis=-1)),
        rpe_m=_rms(np.linalg.norm(difference[:, :3, 3], axis=-1)),
        rpe_deg=_rms(np.rad2deg(np.arccos(cosine.clip(-1, 1)))),
        scale=alignment.scale,
        path_m=float(np.linalg.norm(np.diff(truth, axis=0), axis=-1).sum()),
    )


def _steps(poses: np.ndarray) -> np.ndarray:
    """From each pose's frame to the one before, (T - 1, 4, 4)."""
    return rigid_inverse(poses[:-1]) @ poses[1:]


def _rms(values: np.ndarray) -> float:
    return float(np.sqrt((values**2).mean()))
