"""How sharp a depth map is: F1 of its occluding contours against the truth's.

The protocol is that of Depth Pro (Bochkovskii et al., *Depth Pro: Sharp Monocular Metric Depth in
Less Than a Second*, 2024): between two neighbouring pixels runs a contour where one is farther than
the other by more than a factor t, told apart by which of the two is nearer; precision and recall
are the means over the four neighbours, and F1 is averaged over t from 1.05 to 1.25, the larger
weighing more. No alignment of scale enters. Neighbours one of which has no known true depth do not
count, and thresholds at which an image's truth has no contour are left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

RATIOS = np.linspace(1.05, 1.25, 10)


@dataclass(frozen=True)
class BoundaryScore:
    """F1 added up over images whose truth has contours."""

    total: float = 0.0
    images: int = 0

    def __add__(self, other: BoundaryScore) -> BoundaryScore:
        return BoundaryScore(self.total + other.total, self.images + other.images)

    @property
    def f1(self) -> float | None:
        """The mean over images, in [0, 1]; None where no image has a contour."""
        return self.total / self.images if self.images else None


def boundary_score(predicted: np.ndarray, true: np.ndarray) -> BoundaryScore:
    """The score of one image's depth (H, W) against the truth, NaN or 0 where it is unknown.

    A prediction that is not positive and finite has no contours.
    """
    found = _ratios(predicted)
    known = _ratios(true)
    scores, weights = [], []
    for ratio in RATIOS:
        score = _f1(found, known, ratio)
        if score is not None:
            scores.append(score)
            weights.append(ratio)
    if not scores:
        return BoundaryScore()
    return BoundaryScore(float(np.average(scores, weights=weights)), 1)


def _ratios(depth: np.ndarray) -> list[np.ndarray]:
    """Depth by that of the left, right, upper and lower neighbour, NaN where either is unknown."""
    with np.errstate(invalid="ignore"):  # NaN is not positive
        d = np.where((depth > 0) & np.isfinite(depth), depth, np.nan).astype(np.float64)
    across, down = d[:, 1:] / d[:, :-1], d[1:] / d[:-1]
    return [across, 1 / across, down, 1 / down]


def _f1(predicted: Sequence[np.ndarray], true: Sequence[np.ndarray], ratio: float) -> float | None:
    """Of the contours at one threshold; None where the truth has none."""
    precisions, recalls = [], []
    any_true = False
    for p, g in zip(predicted, true, strict=True):
        found, there = (p > ratio) & np.isfinite(g), g > ratio
        both = float((found & there).sum())
        precisions.append(both / max(found.sum(), 1))
        recalls.append(both / max(there.sum(), 1))
        any_true |= bool(there.any())
    if not any_true:
        return None
    precision, recall = np.mean(precisions), np.mean(recalls)
    return float(2 * precision * recall / (precision + recall)) if precision + recall else 0.0
