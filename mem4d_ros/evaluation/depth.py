"""Video depth (the paper's table 1): AbsRel and δ < 1.25, over a sequence aligned as a whole.

The figures and their alignments are those of MonST3R and CUT3R (eval/video_depth/tools.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from mem4d_ros.evaluation.errors import NotMeasurable

_EPS = 1e-8
_SCALE_ROUNDS = 10
_SCALE_SHIFT_ROUNDS = 100
_STANDS = 1e-6
"""Relative change of the scale, or change of the shift in metres, at which iteration ends."""


@dataclass(frozen=True)
class DepthPixels:
    """The N pixels of one frame whose true depth counts.

    Attributes:
        predicted: (N,) metres along z, NaN where there is no prediction; true: (N,).
        moving: (N,) bool, on surfaces that move of their own; None where that is not known.
    """

    predicted: np.ndarray
    true: np.ndarray
    moving: np.ndarray | None = None

    @property
    def pairs(self) -> tuple[np.ndarray, np.ndarray]:
        """Predicted and true depth (M,) float64 where there is a prediction."""
        predicted, true = self.predicted.astype(np.float64), self.true.astype(np.float64)
        found = np.isfinite(predicted)
        return (predicted, true) if found.all() else (predicted[found], true[found])


@dataclass(frozen=True)
class Alignment:
    """depth -> scale * depth + shift; both in metres."""

    scale: float = 1.0
    shift: float = 0.0

    def apply(self, depth: np.ndarray) -> np.ndarray:
        return self.scale * depth + self.shift


@dataclass(frozen=True)
class PixelErrors:
    """Errors added up over pixels, so that their sum over sequences weighs them by pixels.

    Attributes:
        relative: Σ |p - g| / g; close: pixels with max(p/g, g/p) < 1.25.
    """

    relative: float = 0.0
    close: int = 0
    pixels: int = 0

    def __add__(self, other: PixelErrors) -> PixelErrors:
        return PixelErrors(
            self.relative + other.relative, self.close + other.close, self.pixels + other.pixels
        )

    @property
    def abs_rel(self) -> float:
        """Mean |p - g| / g. Raises ZeroDivisionError where there is no pixel, as `delta_125`."""
        return self.relative / self.pixels

    @property
    def delta_125(self) -> float:
        """Ratio of pixels with max(p / g, g / p) < 1.25."""
        return self.close / self.pixels


@dataclass(frozen=True)
class DepthErrors:
    """Errors over all pixels, over the known dynamic ones and over the known static ones."""

    everything: PixelErrors = field(default_factory=PixelErrors)
    moving: PixelErrors = field(default_factory=PixelErrors)
    still: PixelErrors = field(default_factory=PixelErrors)

    def __add__(self, other: DepthErrors) -> DepthErrors:
        return DepthErrors(
            self.everything + other.everything,
            self.moving + other.moving,
            self.still + other.still,
        )

    @property
    def abs_rel(self) -> float:
        return self.everything.abs_rel

    @property
    def delta_125(self) -> float:
        return self.everything.delta_125

    @property
    def moving_ratio(self) -> float | None:
        """Ratio of AbsRel of dynamic to that of static pixels; None if either is unknown."""
        if not (self.moving.pixels and self.still.relative):
            return None
        return self.moving.abs_rel / self.still.abs_rel


def valid_pixels(
    predicted: np.ndarray,
    true: np.ndarray,
    moving: np.ndarray | None = None,
    max_depth_m: float | None = None,
) -> DepthPixels:
    """The pixels of a frame, or of several, that count.

    Args:
        predicted, true: (..., H, W) metres along z. True depth counts where it is finite, positive
            and less than `max_depth_m`; a prediction that is not finite and positive is none.
        moving: (..., H, W) bool.

    Raises:
        NotMeasurable: the shapes differ.
    """
    if predicted.shape != true.shape:
        raise NotMeasurable(f"predicted depth {predicted.shape} and true depth {true.shape} differ")
    with np.errstate(invalid="ignore"):  # NaN is not positive
        known = (true > 0) & (true < (np.inf if max_depth_m is None else max_depth_m))
        found = (predicted > 0) & np.isfinite(predicted)
    return DepthPixels(
        predicted=np.where(found, predicted, np.nan)[known],
        true=true[known],
        moving=None if moving is None else moving[known],
    )


def scale_alignment(frames: Sequence[DepthPixels]) -> Alignment:
    """A factor s near the one that minimises Σ|s·p - g|, as the protocol finds it.

    Ten rounds of iteratively re-weighted least squares from mean(g) / mean(p), with weights
    w = 1 / (|s·p - g| + 1e-8) and s = Σ w·p·g / Σ w·p². They need not have converged: the s of
    the minimum may be a few percent away.
    """
    true = sum(pixels.pairs[1].sum() for pixels in frames)
    predicted = sum(pixels.pairs[0].sum() for pixels in frames)
    start = np.array([true / predicted])
    (scale,) = _least_absolute(frames, start, lambda p: p[None], _SCALE_ROUNDS)
    return Alignment(scale=float(scale))


def scale_shift_alignment(frames: Sequence[DepthPixels]) -> Alignment:
    """The s and t that minimise Σ|s·p + t - g|: least absolute deviations.

    By the same re-weighting, run until it converges. CUT3R's code goes from s = median(g) /
    median(p) and t = 0 by 1000 steps of at most about 1e-4, and so may stop short of these.
    """
    start = np.array([scale_alignment(frames).scale, 0.0])
    scale, shift = _least_absolute(
        frames, start, lambda p: np.stack([p, np.ones_like(p)]), _SCALE_SHIFT_ROUNDS
    )
    return Alignment(float(scale), float(shift))


def no_alignment(frames: Sequence[DepthPixels]) -> Alignment:
    """Metres are taken at their word."""
    return Alignment()


ALIGNMENTS: Mapping[str, Callable[[Sequence[DepthPixels]], Alignment]] = {
    "scale": scale_alignment,
    "scale-shift": scale_shift_alignment,
    "metric": no_alignment,
}


def align(frames: Sequence[DepthPixels], alignment: str) -> Alignment:
    """The alignment of that name of ALIGNMENTS, found over all frames of a sequence.

    Raises NotMeasurable where no pixel has both a prediction and a truth that counts.
    """
    if not any(len(pixels.true) for pixels in frames):
        raise NotMeasurable("the true depth has no valid pixel")
    if not any(np.isfinite(pixels.predicted).any() for pixels in frames):
        raise NotMeasurable("the predicted depth has no valid pixel where the truth is known")
    return ALIGNMENTS[alignment](frames)


def depth_errors(
    frames: Sequence[DepthPixels], alignment: Alignment, clip_m: float | None = None
) -> DepthErrors:
    """Errors of a sequence's aligned depth, cut off at `clip_m`.

    Where there is no prediction it counts as a depth of 0.
    """
    errors = (_frame_errors(pixels, alignment, clip_m) for pixels in frames)
    return sum(errors, start=DepthErrors())


def _least_absolute(
    frames: Sequence[DepthPixels],
    start: np.ndarray,
    regressors: Callable[[np.ndarray], np.ndarray],
    rounds: int,
) -> np.ndarray:
    """The x (k,) that minimises Σ|x·r(p) - g| for regressors r (k, N) of predicted depth p (N,).

    Ends after `rounds` iterations, or on convergence.
    """
    solution = start
    for _ in range(rounds):
        normal, right = np.zeros((len(start), len(start))), np.zeros(len(start))
        for pixels in frames:
            p, g = pixels.pairs
            r = regressors(p)
            weighted = r / (np.abs(solution @ r - g) + _EPS)
            normal += weighted @ r.T
            right += weighted @ g
        # A prediction that is the same everywhere leaves scale and shift open: any will do.
        before, solution = solution, np.linalg.lstsq(normal, right, rcond=None)[0]
        if np.allclose(solution, before, rtol=_STANDS, atol=_STANDS):
            break
    return solution


def _frame_errors(pixels: DepthPixels, alignment: Alignment, clip_m: float | None) -> DepthErrors:
    true = pixels.true.astype(np.float64)
    aligned = np.nan_to_num(alignment.apply(pixels.predicted.astype(np.float64)))
    if clip_m is not None:
        aligned = np.minimum(aligned, clip_m)
    relative = np.abs(aligned - true) / true
    close = np.maximum(aligned / true, true / np.maximum(aligned, _EPS)) < 1.25
    everywhere = np.ones(len(true), dtype=bool)
    nowhere = ~everywhere
    moving = nowhere if pixels.moving is None else pixels.moving
    still = nowhere if pixels.moving is None else ~pixels.moving
    return DepthErrors(
        *(
            PixelErrors(float(relative[where].sum()), int(close[where].sum()), int(where.sum()))
            for where in (everywhere, moving, still)
        )
    )
