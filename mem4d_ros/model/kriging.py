"""Kriging: what the measured points say of a depth map's error, at every pixel.

The error of log depth is taken for a Gaussian process (Rasmussen & Williams, *Gaussian Processes
for Machine Learning*, 2006, ch. 2): errors at two places are alike as far as the places are near
each other in the image and are predicted at like depth. A point's error so stays on its own side of
an edge, and noise is averaged out over as many points as belong together. Points that do not fit
lose weight in repeated steps.

The equations are solved by a fixed number of conjugate gradients: nothing but products of matrices
whose sizes depend on the image's alone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from mem4d_ros.model.evidence import SparseDepth, cauchy_weight

CELL, MOST_CELLS = 8, 256
"""Points within a cell of so many pixels a side are one observation; the maximum of these."""
QUERY_STRIDE = 4
WEIGHT_BOUND = 4.0
"""A cell weighs no more, however precise its points: what is wrong there is wrong there alone."""
NOISE = 0.075
"""σ of the error of log depth at a point of weight 1: its own, and what no other point shares."""
FIRST_SCALE, SCALE = 0.3, 0.15
"""Residuals beyond these scales lose weight (Cauchy's), before the first fit and after it."""
ITERATIONS = (16, 10, 10)
"""Conjugate gradients of each fit."""
_GOLDEN = 0.6180339887498949
_TINY = 1e-12


@dataclass(frozen=True)
class Likeness:
    """A part of the covariance: deviation² · exp(-(Δplace / reach)² / 2 - (Δdepth / step)² / 2).

    Attributes:
        deviation: σ of the log depth's error.
        reach: by the side of a square as large as the image.
        step: of predicted log depth.
    """

    deviation: float
    reach: float
    step: float


LIKENESSES = (Likeness(0.1, 0.12, 0.2), Likeness(0.1, 0.5, 0.4))
SLANT, CONTRAST = 0.03, 0.03
"""σ of an error that grows over half the image, and of one that grows with the log depth."""


@dataclass(frozen=True)
class Observations:
    """The error of log depth at K places.

    Attributes:
        error: (B, K); weight: (B, K), 0 where there is none.
        place: (B, K, 3): x, y from the image's centre, by the side of a square as large as the
            image, and predicted log depth.
    """

    error: Tensor
    weight: Tensor
    place: Tensor


def kriged(log_depth: Tensor, error: Tensor, points: SparseDepth) -> Tensor:
    """The error (B, 1, H, W) of a map of log depth that the errors at the points make probable.

    Args:
        error: (B, 1, H, W), of log depth at the points; far from all points the result tends to 0.
    """
    height, width = log_depth.shape[-2:]
    seen = _observations(log_depth, error, points)
    coefficients = _solve(seen)
    grid = F.avg_pool2d(log_depth, QUERY_STRIDE)  # (B, 1, h, w)
    places = _places(log_depth, QUERY_STRIDE)
    queries = torch.cat((places.expand(len(grid), -1, -1, -1), grid), dim=1)
    found = _covariance_times(queries.flatten(2).transpose(1, 2), seen.place, coefficients)
    found = found.transpose(1, 2).unflatten(2, grid.shape[-2:])  # (B, 1, h, w)
    return F.interpolate(found, size=(height, width), mode="bilinear", align_corners=False)


def _places(like: Tensor, stride: int) -> Tensor:
    """x, y (1, 2, H / s, W / s) of the centres of cells, as of :class:`Observations`."""
    height, width = like.shape[-2:]
    side = math.sqrt(height * width)
    y, x = (
        ((torch.arange(n // stride, device=like.device) + 0.5) * stride - n / 2) / side
        for n in (height, width)
    )
    yy, xx = torch.meshgrid(y, x, indexing="ij")
    return torch.stack((xx, yy))[None]


def _observations(log_depth: Tensor, error: Tensor, points: SparseDepth) -> Observations:
    """The points of each cell as one, at their own mean place."""
    weight = points.weight.clamp_max(WEIGHT_BOUND) * cauchy_weight(error, FIRST_SCALE)
    pixels = _places(log_depth, 1).expand(len(log_depth), -1, -1, -1)
    values = weight * torch.cat((error, pixels, log_depth), dim=1)
    sums = F.avg_pool2d(torch.cat((weight, values), dim=1), CELL) * float(CELL * CELL)
    sums = sums.flatten(2).transpose(1, 2)  # (B, cells, 5)
    total = sums[..., 0]
    if total.shape[1] > MOST_CELLS:
        # Of more cells than there is room for, some from all over the image.
        spread = torch.arange(total.shape[1], device=total.device) * _GOLDEN % 1
        chosen = (total.clamp_max(1) * (1 + spread)).topk(MOST_CELLS, dim=1).indices
        sums = sums.gather(1, chosen[..., None].expand(-1, -1, sums.shape[-1]))
        total = sums[..., 0]
    means = sums[..., 1:] / total.clamp_min(1e-6)[..., None]
    return Observations(means[..., 0], total.clamp_max(WEIGHT_BOUND), means[..., 1:])


def _solve(seen: Observations) -> Tensor:
    """Coefficients (B, K, 1) of the covariances with the observations, robustly.

    With weights W / NOISE² the system is I + √W C √W, which is well conditioned.
    """
    every = torch.eye(seen.weight.shape[1], device=seen.weight.device)[None]
    covariance = _covariance_times(seen.place, seen.place, every)  # (B, K, K)
    trust = seen.weight
    solution = torch.zeros_like(seen.error)
    coefficients = solution[..., None]
    for iterations in ITERATIONS:
        root = (trust + _TINY).sqrt() / NOISE
        matrix = every + root[:, :, None] * covariance * root[:, None, :]
        solution = conjugate_gradients(matrix, root * seen.error, solution, iterations)
        coefficients = (root * solution)[..., None]
        fitted = (covariance @ coefficients)[..., 0]
        trust = seen.weight * cauchy_weight(seen.error - fitted, SCALE)
    return coefficients


def conjugate_gradients(matrix: Tensor, target: Tensor, start: Tensor, iterations: int) -> Tensor:
    """An approximate solution (B, K) of matrix (B, K, K) · x = target, from `start` on.

    The matrix is symmetric and positive definite (Hestenes & Stiefel 1952).
    """
    x = start
    rest = target - (matrix @ x[..., None])[..., 0]
    direction = rest
    square = rest.square().sum(-1, keepdim=True)
    for _ in range(iterations):
        image = (matrix @ direction[..., None])[..., 0]
        length = square / ((direction * image).sum(-1, keepdim=True) + _TINY)
        x = x + length * direction
        rest = rest - length * image
        before, square = square, rest.square().sum(-1, keepdim=True)
        direction = rest + square / (before + _TINY) * direction
    return x


def _covariance_times(a: Tensor, b: Tensor, coefficients: Tensor) -> Tensor:
    """Covariances of the error at places a (B, N, 3) with that at b (B, K, 3), times (B, K, m)."""
    p, q = (_scaled(x, 2 * SLANT, CONTRAST) for x in (a, b))
    found = p @ (q.transpose(1, 2) @ coefficients)
    for part in LIKENESSES:
        p, q = (_scaled(x, 1 / part.reach, 1 / part.step) for x in (a, b))
        # log σ² - |p - q|² / 2 in one product: p · q - |p|² / 2 - |q|² / 2 + log σ².
        of_p, of_q = (-x.square().sum(-1, keepdim=True) / 2 for x in (p, q))
        p = torch.cat((p, of_p, torch.ones_like(of_p)), dim=-1)
        q = torch.cat((q, torch.ones_like(of_q), of_q + 2 * math.log(part.deviation)), dim=-1)
        found = found + (p @ q.transpose(1, 2)).exp_() @ coefficients
    return found


def _scaled(place: Tensor, across: float, deep: float) -> Tensor:
    """Places (B, N, 3) with x, y and log depth in other units."""
    return torch.cat((across * place[..., :2], deep * place[..., 2:]), dim=-1)
