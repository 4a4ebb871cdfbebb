"""Kriging: what the measured points say of a depth map's error, at every pixel.

The error of log depth is taken for a Gaussian process (Rasmussen & Williams, *Gaussian Processes
for Machine Learning*, 2006, ch. 2): errors at two places are alike as far as the places are near
each other in the image and are predicted at like depth. A point's error so stays on its own side of
an edge, and noise is averaged out over as many points as belong together. Points that do not fit
lose weight in repeated steps.

The covariance falls with the square of a distance, so its slope is known wherever it is: the field
is computed for coarse cells, and follows the predicted depth within each.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from mem4d_ros.model.evidence import SparseDepth, cauchy_weight

CELL, MOST_CELLS = 8, 320
"""Points within a cell of so many pixels a side are one observation; the maximum of these."""
QUERY_STRIDE = 8
LARGEST_STEP = 0.2
"""Of log depth within a cell of QUERY_STRIDE, along which the field is continued by its slope."""
WEIGHT_BOUND = 4.0
"""A cell weighs no more, however precise its points: what is wrong there is wrong there alone."""
NOISE = 0.075
"""σ of the error of log depth at a point of weight 1: its own, and what no other point shares."""
FIRST_SCALE, SCALE = 0.3, 0.15
"""Residuals beyond these scales lose weight (Cauchy's), before the first fit and after it."""
FITS = 2
ITERATIONS = 24
"""Conjugate gradients of each fit, on a GPU."""
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
    seen = _observations(log_depth, error, points)
    coarse = F.avg_pool2d(log_depth, QUERY_STRIDE)  # (B, 1, h, w)
    places = _places(log_depth, QUERY_STRIDE).expand(len(coarse), -1, -1, -1)
    queries = torch.cat((places, coarse), dim=1).flatten(2).transpose(1, 2)  # (B, h * w, 3)
    field, slope = _field(queries, seen.place, _coefficients(seen))
    maps = torch.cat((field, slope, queries[..., 2:]), dim=-1).transpose(1, 2)
    maps = F.interpolate(
        maps.unflatten(2, coarse.shape[-2:]), log_depth.shape[-2:], mode="bilinear"
    )
    field, slope, coarse = maps.split(1, dim=1)  # each (B, 1, H, W)
    return field + slope * (log_depth - coarse).clamp(-LARGEST_STEP, LARGEST_STEP)


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


def _coefficients(seen: Observations) -> Tensor:
    """Coefficients (B, K, 1) of the covariances with the observations, robustly.

    With weights W / NOISE² the system is I + √W C √W, which is well conditioned.
    """
    identity = torch.eye(seen.weight.shape[1], device=seen.weight.device)
    covariance = _linear_covariance(seen.place, seen.place) + sum(
        _covariance(part, seen.place, seen.place) for part in LIKENESSES
    )  # (B, K, K)
    error, weight = seen.error[..., None], seen.weight[..., None]  # (B, K, 1)
    trust, coefficients = weight, torch.zeros_like(error)
    for fit in range(FITS):
        if fit > 0:
            trust = weight * cauchy_weight(error - covariance @ coefficients, SCALE)
        root = (trust + _TINY).sqrt() / NOISE
        matrix = torch.addcmul(identity, root * covariance, root.transpose(1, 2))
        coefficients = root * _solved(matrix, root * error)
    return coefficients


def _solved(matrix: Tensor, target: Tensor) -> Tensor:
    """The solution (B, K, 1) of matrix (B, K, K) · x = target, symmetric and positive definite.

    A factorisation is quicker than the iterations that come near it, but for a GPU, which has
    products of matrices alone in the graphs that it replays.
    """
    if matrix.device.type == "cpu":
        return torch.cholesky_solve(target, torch.linalg.cholesky_ex(matrix).L)
    return conjugate_gradients(matrix, target, ITERATIONS)


def conjugate_gradients(matrix: Tensor, target: Tensor, iterations: int) -> Tensor:
    """An approximate solution (B, K, 1) of matrix (B, K, K) · x = target.

    The matrix is symmetric and positive definite (Hestenes & Stiefel 1952).
    """
    x, rest, direction = torch.zeros_like(target), target, target
    square = rest.transpose(1, 2) @ rest  # (B, 1, 1)
    for _ in range(iterations):
        image = matrix @ direction
        length = square / (direction.transpose(1, 2) @ image + _TINY)
        x = torch.addcmul(x, length, direction)
        rest = torch.addcmul(rest, length, image, value=-1)
        before, square = square, rest.transpose(1, 2) @ rest
        direction = torch.addcmul(rest, square / (before + _TINY), direction)
    return x


def _field(queries: Tensor, seen: Tensor, coefficients: Tensor) -> tuple[Tensor, Tensor]:
    """The field (B, N, 1) at queries (B, N, 3), and its slope along log depth.

    Args:
        seen: places (B, K, 3) of the observations; coefficients: theirs (B, K, 1).
    """
    planes = _scaled(seen, 2 * SLANT, CONTRAST).transpose(1, 2) @ coefficients  # (B, 3, 1)
    field = _scaled(queries, 2 * SLANT, CONTRAST) @ planes
    slope = CONTRAST * planes[:, 2:]
    moments = torch.cat((coefficients, coefficients * seen[..., 2:]), dim=-1)  # (B, K, 2)
    for part in LIKENESSES:
        total, moment = (_covariance(part, queries, seen) @ moments).split(1, dim=-1)
        field = field + total
        slope = slope + (moment - queries[..., 2:] * total) / part.step**2
    return field, slope


def _linear_covariance(a: Tensor, b: Tensor) -> Tensor:
    """Covariances (B, N, K) of the errors that grow over the image and with depth."""
    p, q = (_scaled(x, 2 * SLANT, CONTRAST) for x in (a, b))
    return p @ q.transpose(1, 2)


def _covariance(part: Likeness, a: Tensor, b: Tensor) -> Tensor:
    """Covariances (B, N, K) of one part of the error at places a (B, N, 3) with that at b."""
    p, q = (_scaled(x, 1 / part.reach, 1 / part.step) for x in (a, b))
    # log σ² - |p - q|² / 2 in one product: p · q - |p|² / 2 - |q|² / 2 + log σ².
    of_p, of_q = (-x.square().sum(-1, keepdim=True) / 2 for x in (p, q))
    p = torch.cat((p, of_p, torch.ones_like(of_p)), dim=-1)
    q = torch.cat((q, torch.ones_like(of_q), of_q + 2 * math.log(part.deviation)), dim=-1)
    return (p @ q.transpose(1, 2)).exp_()


def _scaled(place: Tensor, across: float, deep: float) -> Tensor:
    """Places (B, N, 3) with x, y and log depth in other units."""
    return torch.cat((across * place[..., :2], deep * place[..., 2:]), dim=-1)
