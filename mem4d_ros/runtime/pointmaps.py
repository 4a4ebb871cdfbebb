"""What the network says of one frame as arrays, with what is no number marked as invalid."""

from __future__ import annotations

import numpy as np
import torch

from mem4d_ros.geometry import ImageTransform, pose_from, with_square_pixels
from mem4d_ros.model import FrameOutput


def head_pose(output: FrameOutput) -> np.ndarray:
    """The camera head's pose (4, 4), camera-to-world; NaN where its quaternion is null."""
    quaternion = output.quaternion[0].numpy().astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):  # a null quaternion becomes NaN
        return pose_from(quaternion, output.translation[0].numpy().astype(np.float64))


def predicted_intrinsics(output: FrameOutput, transform: ImageTransform) -> np.ndarray:
    """Those of the camera (3, 3), in pixels of the network's image; square ones in the input's."""
    predicted = output.intrinsics[0].numpy().astype(np.float64)
    of_input = with_square_pixels(transform.intrinsics_to_input(predicted))
    return transform.intrinsics_to_model(of_input)


def pointmap(points: torch.Tensor, confidence: torch.Tensor) -> tuple[np.ndarray, np.ndarray]:
    """Points (H, W, 3) and confidence (H, W) as float32, invalid where either is not finite."""
    found = points[0].numpy().astype(np.float32, copy=False)
    values = confidence[0].numpy().astype(np.float32, copy=False)
    finite, is_sure = np.isfinite(found), np.isfinite(values)
    if not (finite.all() and is_sure.all()):  # of most frames all are: far quicker to tell
        x, y, z = np.moveaxis(finite, -1, 0)
        invalidate(found, values, ~(x & y & z & is_sure))
    return found, values


def invalidate(values: np.ndarray, confidence: np.ndarray, where: np.ndarray) -> None:
    """Mark pixels of points (H, W, 3) or depth (H, W) as having no valid value, in place."""
    if where.any():
        values[where] = np.nan
        confidence[where] = 0
