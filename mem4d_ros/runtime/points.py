"""Which pixels of a pointmap are worth sending on."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class PointFilter:
    """Keeps every `stride`-th pixel of every `stride`-th row that is sure and near enough."""

    stride: int = 1
    min_confidence: float = 1.0
    max_range: float = float("inf")  # metres from the camera's centre


@dataclass(frozen=True)
class ColouredPoints:
    """Points with a colour and a confidence each; every value is finite."""

    positions: np.ndarray  # (N, 3) float32, metres
    colours: np.ndarray  # (N, 3) uint8 RGB
    confidences: np.ndarray  # (N,) float32


def select_points(
    points: np.ndarray,
    confidence: np.ndarray,
    image: np.ndarray,
    camera_centre: np.ndarray,
    keep: PointFilter,
) -> ColouredPoints:
    """The valid points of a pointmap (H, W, 3) with confidence (H, W) that pass the filter.

    `image` (H, W, 3) uint8 gives the colours; `camera_centre` (3,) is in the frame of the points.
    """
    grid = (slice(None, None, keep.stride), slice(None, None, keep.stride))
    points, confidence, image = points[grid], confidence[grid], image[grid]
    offsets = points - camera_centre.astype(points.dtype)
    squared_range = np.einsum("hwi,hwi->hw", offsets, offsets)
    # NaN compares false, so that invalid points never pass.
    passing = (squared_range <= keep.max_range**2) & (confidence >= keep.min_confidence)
    return ColouredPoints(points[passing], image[passing], confidence[passing])
