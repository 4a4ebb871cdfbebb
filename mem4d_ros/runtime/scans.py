"""What a camera sees of the points of another sensor: depth at some pixels."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from mem4d_ros.geometry import project
from mem4d_ros.runtime.measured_points import MeasuredPoints

NEAREST_M = 0.05
CELLS = 64
"""Across the image, in which nearer points hide farther ones."""
HIDDEN_BEHIND = 0.15
"""A point is hidden by one that is nearer by more than this, relative to its depth."""


@dataclass(frozen=True)
class ScanSettings:
    """How well a sensor measures, and how much of it is taken.

    Attributes:
        deviation_ratio: standard deviation of depth, relative to depth.
        least_deviation_m: the least standard deviation.
        max_points: maximum number of points of a scan that are used, spread over all of them.
    """

    deviation_ratio: float = 0.02
    least_deviation_m: float = 0.02
    max_points: int = 2000


def seen_points(
    points_camera: np.ndarray,
    intrinsics: np.ndarray,
    size: tuple[int, int],
    settings: ScanSettings,
) -> MeasuredPoints:
    """The points that an image of `size` (H, W) shows, of points (N, 3) in the optical frame.

    The sensor looks from elsewhere: it may see what is hidden from the camera behind something
    nearer, of which the sensor has points, too.
    """
    in_front = points_camera[points_camera[:, 2] > NEAREST_M]
    pixels, depth = project(in_front, intrinsics)
    height, width = size
    inside = (pixels > -0.5).all(-1) & (pixels < (width - 0.5, height - 0.5)).all(-1)
    pixels, depth = pixels[inside], depth[inside]
    shown = ~_hidden(pixels, depth, size)
    pixels, depth = pixels[shown], depth[shown]
    count = len(depth)
    if count > settings.max_points:
        chosen = np.linspace(0, count - 1, settings.max_points).astype(int)
        pixels, depth = pixels[chosen], depth[chosen]
    deviation = np.maximum(settings.deviation_ratio * depth, settings.least_deviation_m)
    return MeasuredPoints(pixels, depth, deviation)


def _hidden(pixels: np.ndarray, depth: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Which points (N,) lie behind one that is seen beside them."""
    height, width = size
    side = max(1.0, width / CELLS)
    columns, rows = np.floor((pixels + 0.5) / side).astype(int).T
    shape = (int(np.ceil(height / side)), int(np.ceil(width / side)))
    nearest = np.full(shape, np.inf, np.float32)
    np.minimum.at(nearest, (rows, columns), depth.astype(np.float32))
    around = cv2.erode(nearest, np.ones((3, 3), np.uint8))
    return depth * (1 - HIDDEN_BEHIND) > around[rows, columns]
