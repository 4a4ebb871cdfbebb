"""What the network says of one frame as arrays, with what is no number marked as invalid."""

from __future__ import annotations

import numpy as np
import torch

from mem4d_ros.geometry import pose_from
from mem4d_ros.model import FrameOutput


def head_pose(output: FrameOutput) -> np.ndarray:
    """The camera head's pose (4, 4), camera-to-world; NaN where its quaternion is null."""
    quaternion = output.quaternion[0].numpy().astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):  # a null quaternion becomes NaN
        return pose_from(quaternion, output.translation[0].numpy().astype(np.float64))


def pointmap(points: torch.Tensor, confidence: torch.Tensor) -> tuple[np.ndarray, np.ndarray]:
    """Points (H, W, 3) and confidence (H, W) as float32, invalid where either is not finite."""
    found = points[0].numpy().astype(np.float32, copy=False)
    values = confidence[0].numpy().astype(np.float32, copy=False)
    # A sum is finite where its terms are; far quicker than asking each of the three.
    total = found[..., 0] + found[..., 1] + found[..., 2] + values
    invalidate(found, values, ~np.isfinite(total))
    return found, values


def invalidate(points: np.ndarray, confidence: np.ndarray, where: np.ndarray) -> None:
    """Mark pixels as having no valid value, in place."""
    if where.any():
        points[where] = np.nan
        confidence[where] = 0
