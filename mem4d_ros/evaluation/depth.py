"""Video depth (the paper's table 1): AbsRel and δ < 1.25 under one scale per sequence."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_ITERATIONS = 10
_EPS = 1e-8


@dataclass(frozen=True)
class DepthErrors:
    """Over `pixels` valid pixels: mean |p - g| / g, and the share with max(p/g, g/p) < 1.25."""

    abs_rel: float
    delta_125: float
    pixels: int
    scale: float


def l1_scale(predicted: np.ndarray, true: np.ndarray) -> float:
    """The factor s that minimises Σ|s·p - g|, by iteratively re-weighted least squares.

    Starts at mean(g) / mean(p); ten rounds with weights w = 1 / (|s·p - g| + 1e-8) and
    s = Σ w·p·g / Σ w·p².

    Args:
        predicted, true: valid depths (N,), metres along z.
    """
    predicted, true = predicted.astype(np.float64), true.astype(np.float64)
    scale = true.mean() / predicted.mean()
    for _ in range(_ITERATIONS):
        weight = 1 / (np.abs(scale * predicted - true) + _EPS)
        scale = (weight * predicted * true).sum() / (weight * predicted**2).sum()
    return float(scale)


def depth_errors(predicted: np.ndarray, true: np.ndarray, *, aligned: bool = True) -> DepthErrors:
    """Errors of a sequence.

    Args:
        predicted, true: (T, H, W) metres along z; what is not finite or not positive in `true`
            does not count, and where `predicted` has no value it counts as a depth of 0.
        aligned: one scale for the whole sequence; False takes the metres at their word.

    Raises:
        ValueError: shapes differ, or nothing is valid.
    """
    if predicted.shape != true.shape:
        raise ValueError(f"predicted depth {predicted.shape} and true depth {true.shape} differ")
    known = np.isfinite(true) & (true > 0)
    if not known.any():
        raise ValueError("the true depth has no valid pixel")
    p, g = np.nan_to_num(predicted[known], posinf=0.0, neginf=0.0), true[known]
    found = p > 0
    if not found.any():
        raise ValueError("the predicted depth has no valid pixel where the truth is known")
    scale = l1_scale(p[found], g[found]) if aligned else 1.0
    p = scale * p
    ratio = np.maximum(p / g, g / np.maximum(p, _EPS))
    return DepthErrors(
        abs_rel=float((np.abs(p - g) / g).mean()),
        delta_125=float((ratio < 1.25).mean()),
        pixels=int(known.sum()),
        scale=scale,
    )
