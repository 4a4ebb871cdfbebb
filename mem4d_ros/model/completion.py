"""From measured points to a dense map: pull-push interpolation, and the correction of a depth map.

The correction is kriging's (`kriging.py`) and, where points are precise, pull-push's.

Pull-push (Gortler et al., *The Lumigraph*, 1996) averages sparse values into ever coarser cells and
fills what lies between from there. It costs the same for one point as for thousands.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mem4d_ros.model.evidence import SparseDepth, cauchy_weight, robust_mean
from mem4d_ros.model.kriging import WEIGHT_BOUND, kriged

MOST_WEIGHT = 2.0
"""The weight of a cell in the next coarser one: a precise point rules its own place alone."""


def pull_push(values: Tensor, weight: Tensor, smoothness: Tensor) -> Tensor:
    """Interpolate values (B, 1, H, W), known where weight (B, 1, H, W) is positive.

    A cell takes (w·v + α·c) / (w + α), c being what the coarser cells say there and 0 above the
    coarsest: far from all points, and without any, the map tends to 0.

    Args:
        smoothness: α (levels,), positive, finest level first.

    Returns:
        (B, 1, H, W).
    """
    levels = [(values, weight)]
    for _ in range(len(smoothness) - 1):
        if max(weight.shape[-2:]) == 1:
            break
        bounded = weight.clamp_max(MOST_WEIGHT)
        total = 4 * _pooled(bounded)
        values = 4 * _pooled(bounded * values) / total.clamp_min(1e-6)
        weight = total
        levels.append((values, weight))
    coarser: Tensor | None = None
    for (values, weight), alpha in zip(
        reversed(levels), reversed(smoothness.unbind()[: len(levels)]), strict=True
    ):
        prior = 0 if coarser is None else alpha * _enlarged(coarser, values)
        coarser = (weight * values + prior) / (weight + alpha)
    assert coarser is not None
    return coarser


def _pooled(x: Tensor) -> Tensor:
    return F.avg_pool2d(x, 2, ceil_mode=True, count_include_pad=False)


def _enlarged(x: Tensor, like: Tensor) -> Tensor:
    return F.interpolate(x, size=like.shape[-2:], mode="bilinear", align_corners=False)


class DepthCorrection(nn.Module):
    """Moves a map of log depth to the measured points: as a whole, by surfaces, then in place.

    The whole map takes the points' mean; kriging says what else of its error they make probable;
    where a point is more precise than that, pull-push brings the map to it. How far this reaches is
    learned, one number a level. Points that disagree with most others lose weight (Cauchy's).
    """

    LEVELS = 9

    def __init__(self) -> None:
        super().__init__()
        self.log_smoothness = nn.Parameter(torch.full((self.LEVELS,), -1.0))

    def forward(self, log_depth: Tensor, points: SparseDepth) -> Tensor:
        """Corrected log depth (B, 1, H, W), relative to the points' centre like `log_depth`."""
        difference = points.relative - log_depth
        shift = robust_mean(difference, points.weight)
        moved = log_depth + shift + kriged(log_depth, difference - shift, points)
        rest = points.relative - moved
        precise = (points.weight - WEIGHT_BOUND).clamp_min(0)
        return moved + pull_push(rest, precise * cauchy_weight(rest), self.log_smoothness.exp())
