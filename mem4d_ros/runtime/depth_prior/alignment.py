"""Brings what a depth network says to metres, by points whose depth is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mem4d_ros.geometry import robust_deviation
from mem4d_ros.runtime.depth_prior.description import INVERSE, METRIC, Description

LEAST_POINTS = 12
ROUNDS, ROBUST_SCALE = 10, 0.15
"""Reweighted steps; differences in log depth beyond the scale lose weight (Cauchy's)."""
PAIRS = 200
"""Of points that are tried for the line to begin with."""
FLATTEST = 1e-3
"""Least share of an inverse depth's range that must remain; below it the offset eats all."""


@dataclass(frozen=True)
class Aligned:
    """Depth (h, w) in metres, NaN where unknown, and the standard deviation of its logarithm."""

    depth: np.ndarray
    deviation: float


def align(
    said: np.ndarray, at_points: np.ndarray, depth: np.ndarray, description: Description
) -> Aligned | None:
    """The network's map in metres; None where nothing tells its scale.

    Args:
        said: (h, w), what the network says.
        at_points: (N,), what it says where depth is known, NaN where nothing.
        depth: (N,), the depth there, metres.
    """
    usable = np.isfinite(at_points) & np.isfinite(depth) & (depth > 0)
    if description.output != INVERSE:
        usable &= at_points > 0
    at_points, depth = at_points[usable].astype(np.float64), depth[usable].astype(np.float64)
    if len(depth) < LEAST_POINTS:
        if description.output != METRIC:
            return None
        deviation = np.hypot(description.deviation, description.scale_deviation)
        return Aligned(_positive(said), float(deviation))
    if description.output == INVERSE:
        scale, offset = _fit_line(at_points, 1 / depth)
        if scale <= 0:
            return None
        inverse = scale * said.astype(np.float64) + offset
        fitted = scale * at_points + offset
        with np.errstate(divide="ignore"):
            scaled = 1 / np.where(inverse > FLATTEST * np.median(1 / depth), inverse, np.nan)
        difference = _log_difference(fitted, 1 / depth)
    else:
        log_scale = _robust_mean(np.log(depth / at_points))
        scaled = _positive(said) * np.exp(log_scale)
        difference = np.log(at_points / depth) + log_scale
    spread = robust_deviation(difference)
    return Aligned(scaled.astype(np.float32), max(description.deviation, spread))


def _positive(said: np.ndarray) -> np.ndarray:
    depth: np.ndarray = np.where(np.isfinite(said) & (said > 0), said, np.nan).astype(np.float32)
    return depth


def _robust_mean(values: np.ndarray) -> float:
    mean = float(np.median(values))
    for _ in range(ROUNDS):
        weight = _weight(values - mean)
        mean = float((weight * values).sum() / weight.sum())
    return mean


def _fit_line(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Slope and offset of y > 0 over x, by differences of logarithms, robustly.

    It starts from the line through two points that has the least median difference (Rousseeuw,
    1984), for a far outlier in inverse depth would draw a mean to itself.
    """
    slope, offset = _line_through_two(x, y)
    columns = np.column_stack((x, np.ones_like(x)))
    for _ in range(ROUNDS):
        fitted = np.maximum(slope * x + offset, 1e-6 * y)
        weight = np.sqrt(_weight(_log_difference(fitted, y))) / fitted
        solution = np.linalg.lstsq(columns * weight[:, None], y * weight, rcond=None)[0]
        slope, offset = (float(value) for value in solution)
    return slope, offset


def _line_through_two(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    first, second = np.random.default_rng(0).integers(len(x), size=(2, PAIRS))
    apart = np.abs(x[first] - x[second]) > 1e-9 * np.ptp(x)
    first, second = first[apart], second[apart]
    if not len(first):
        return 0.0, float(np.median(y))
    slopes = (y[first] - y[second]) / (x[first] - x[second])
    offsets = y[first] - slopes * x[first]
    differences = np.abs(_log_difference(slopes[:, None] * x + offsets[:, None], y))
    best = int(np.argmin(np.median(differences, axis=1)))
    return float(slopes[best]), float(offsets[best])


def _log_difference(fitted: np.ndarray, y: np.ndarray) -> np.ndarray:
    difference: np.ndarray = np.log(np.maximum(fitted / y, 1e-6))
    return difference


def _weight(difference: np.ndarray) -> np.ndarray:
    weight: np.ndarray = 1 / (1 + (difference / ROBUST_SCALE) ** 2)
    return weight
