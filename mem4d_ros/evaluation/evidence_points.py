"""Depth at a few pixels, as a tracker of corners would measure it, made from true depth.

`mem4d eval depth --evidence-points` and the training's simulation of evidence choose their points
here. Everything is batched and stays on the images' device.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

_WINDOW_PX = 5
"""Side of the square over which the structure tensor is summed."""


@dataclass(frozen=True)
class MeasuringError:
    """How wrong points are: relative noise (one σ), and a ratio of gross errors.

    An outlier's depth is multiplied or divided by up to `largest`.
    """

    noise: float = 0.04
    outliers: float = 0.05
    largest: float = 2.0


@dataclass(frozen=True)
class ChosenPixels:
    """K pixels of each of N images, the best first.

    Attributes:
        index: (N, K), row · width + column, no two the same.
        found: (N, K) bool; an image may have fewer than K.
    """

    index: Tensor
    found: Tensor

    def of(self, maps: Tensor) -> Tensor:
        """The values (N, K) of maps (N, H, W) there."""
        return maps.flatten(1).gather(1, self.index)

    def to_maps(self, values: Tensor, height: int, width: int) -> Tensor:
        """Maps (N, height, width) of values (N, K) at the found pixels, 0 elsewhere."""
        maps = values.new_zeros(len(values), height * width)
        return maps.scatter_(1, self.index, values.where(self.found, 0)).unflatten(
            1, (height, width)
        )


def measured_corners(
    images: Tensor, depth: Tensor, count: int, seed: int, error: MeasuringError | None = None
) -> tuple[Tensor, Tensor]:
    """Depth at `count` corners of each image; the same seed, the same points.

    There are fewer where the image has not so many corners whose depth is known.

    Args:
        images: (..., 3, H, W) in [0, 1]; depth: (..., H, W) true metres along z, 0 or not finite
            where unknown: no point lies there.

    Returns:
        Depth and its deviation (..., H, W) in metres, 0 where there is no point, as
        :class:`~mem4d_ros.model.evidence.Evidence` takes them; the deviation is that of the noise.
    """
    error = error or MeasuringError()
    leading, (height, width) = depth.shape[:-2], depth.shape[-2:]
    flat = depth.reshape(-1, height, width).float().nan_to_num(0.0, 0.0, 0.0)
    if count == 0:
        nothing = torch.zeros_like(flat).reshape(depth.shape)
        return nothing, nothing
    strength = corner_strength(images.reshape(-1, 3, height, width)) * (flat > 0)
    chosen = best_pixels(spread_score(strength, count), count)
    generator = torch.Generator(depth.device).manual_seed(seed)
    true = chosen.of(flat)
    measured = true * (1 + error.noise * _normal(true, generator)).clamp_min(0.2)
    factor = error.largest ** (2 * _uniform(true, generator) - 1)
    wrong = _uniform(true, generator) < error.outliers
    measured = torch.where(wrong, measured * factor, measured)
    points, deviation = (
        chosen.to_maps(values, height, width).reshape(*leading, height, width)
        for values in (measured, error.noise * measured)
    )
    return points, deviation


def corner_strength(images: Tensor) -> Tensor:
    """The smaller eigenvalue of the structure tensor (Shi & Tomasi 1994): (N, H, W).

    Args:
        images: (N, 3, H, W) in [0, 1].
    """
    red, green, blue = images.split(1, dim=1)
    grey = 0.299 * red + 0.587 * green + 0.114 * blue  # (N, 1, H, W)
    padded = F.pad(grey, (1, 1, 1, 1), mode="replicate")
    dx = (padded[..., 1:-1, 2:] - padded[..., 1:-1, :-2]) / 2
    dy = (padded[..., 2:, 1:-1] - padded[..., :-2, 1:-1]) / 2
    products = torch.cat((dx * dx, dy * dy, dx * dy), dim=1)
    xx, yy, xy = F.avg_pool2d(products, _WINDOW_PX, 1, _WINDOW_PX // 2).unbind(1)
    return (xx + yy) / 2 - (((xx - yy) / 2).square() + xy * xy).sqrt()


def spread_score(strength: Tensor, count: int) -> Tensor:
    """Score (N, H, W) by which `count` corners of that strength spread over an image.

    The best is the strongest within a radius that leaves room for `count` corners, next come those
    within half that radius, and so on: nearly all images have as many corners as are wanted.
    """
    relative = strength / strength.amax(dim=(-2, -1), keepdim=True).clamp_min(1e-12)
    radius = corner_radius(count, *strength.shape[-2:])
    score = torch.zeros_like(strength)
    while True:
        corners = local_maxima(relative, radius)
        score = score + (corners > 0)
        if radius == 1:
            return score + corners  # those of all radii are among those of the smallest
        radius //= 2


def corner_radius(count: int, height: int, width: int) -> int:
    """Minimum distance of corners, in px, for `count` of them to spread over an image."""
    return max(1, round(0.35 * math.sqrt(height * width / count)))


def local_maxima(score: Tensor, radius: int) -> Tensor:
    """The score (N, H, W) where none within `radius` px is higher, 0 elsewhere."""
    highest = F.max_pool2d(score[:, None], 2 * radius + 1, 1, radius)[:, 0]
    return score.where(score == highest, 0)


def best_pixels(score: Tensor, count: int) -> ChosenPixels:
    """The `count` pixels of the highest positive score (N, H, W)."""
    best = score.flatten(1).topk(min(count, score[0].numel()), dim=1)
    return ChosenPixels(best.indices, best.values > 0)


def _uniform(like: Tensor, generator: torch.Generator) -> Tensor:
    return torch.rand(like.shape, generator=generator, device=like.device)


def _normal(like: Tensor, generator: torch.Generator) -> Tensor:
    return torch.randn(like.shape, generator=generator, device=like.device)
