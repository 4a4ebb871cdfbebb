"""Colours of points: of the image, or by height, confidence or age."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from mem4d_ros.runtime import ColouredPoints
from mem4d_ros.viz.colour_maps import colour_map

IMAGE, HEIGHT, CONFIDENCE, AGE = "image", "height", "confidence", "age"
MODES = (IMAGE, HEIGHT, CONFIDENCE, AGE)
MOVING = np.array((255, 70, 150), np.uint8)
LANDMARK = np.array((255, 221, 51), np.uint8)
HEIGHT_STEP_M = 0.5


@dataclass(frozen=True)
class Spans:
    """Values that the colour maps reach from and to. They change in steps, and so seldom."""

    height: tuple[float, float] = (0.0, 1.0)  # metres
    confidence: tuple[float, float] = (0.0, 1.0)  # of its logarithm
    time: tuple[float, float] = (0.0, 1.0)

    @classmethod
    def of(cls, points: ColouredPoints, times: np.ndarray) -> Spans:
        """Around most of the points and times (N,)."""
        if not len(points.positions):
            return cls()
        low, high = np.percentile(points.positions[:, 2], (1, 99)) / HEIGHT_STEP_M
        most = float(np.log(np.percentile(points.confidences, 98).clip(1)))
        known = times[np.isfinite(times)]
        first, last = (known.min(), known.max()) if len(known) else (0.0, 1.0)
        return cls(
            (math.floor(low) * HEIGHT_STEP_M, math.ceil(high) * HEIGHT_STEP_M),
            (0.0, math.ceil(2 * most) / 2),
            (float(first), float(first) + _doubling(float(last - first))),
        )


def colours_of(points: ColouredPoints, times: np.ndarray, mode: str, spans: Spans) -> np.ndarray:
    """Colours (N, 3) uint8 of points that were first seen at `times` (N,).

    Raises ValueError for an unknown mode.
    """
    if mode == IMAGE:
        return points.colours
    if mode == HEIGHT:
        return _mapped(points.positions[:, 2], spans.height, cv2.COLORMAP_TURBO)
    if mode == CONFIDENCE:
        logarithm = np.log(points.confidences.clip(1))
        return _mapped(logarithm, spans.confidence, cv2.COLORMAP_VIRIDIS)
    if mode == AGE:
        return _mapped(times, spans.time, cv2.COLORMAP_PLASMA)
    raise ValueError(f"there are no colours by {mode!r}: use one of {', '.join(MODES)}")


def _mapped(values: np.ndarray, span: tuple[float, float], name: int) -> np.ndarray:
    if not len(values):  # OpenCV takes no empty arrays
        return np.empty((0, 3), np.uint8)
    return colour_map(values[None], *span, name)[0]


def _doubling(value: float) -> float:
    """The next power of 2, at least 1."""
    return 2.0 ** math.ceil(math.log2(max(value, 1.0)))
