"""Geometric evidence: what is known of a frame besides its image.

The paper's network sees images alone. A robot also knows its camera, has measured the depth of
some points, and often knows where it is. Each of the three is optional in every frame.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields

import torch
from torch import Tensor

from mem4d_ros.geometry import pixel_rays

TYPICAL_DEVIATION = 0.04
"""Standard deviation of log depth at which a point has the weight 1."""
SMALLEST_DEVIATION = 1e-3
ROBUST_SCALE, ROBUST_ITERATIONS = 0.15, 5
"""Differences in log depth beyond the scale lose weight (Cauchy's); the mean is found in as many
reweighted steps."""


@dataclass(frozen=True)
class Evidence:
    """Evidence about one frame of each of B streams; a sequence has shapes (B, T, …).

    Attributes:
        intrinsics: (B, 3, 3), pixels of the network's image.
        depth: (B, H, W), metres along z at some pixels; 0, NaN or inf where nothing is known.
        deviation: (B, H, W), standard deviation of each depth in metres.
        camera_to_world: (B, 4, 4); world is the first camera's optical frame, metres.
        has_intrinsics, has_pose: (B,) bool, of which streams they are known; None means all.
    """

    intrinsics: Tensor | None = None
    depth: Tensor | None = None
    deviation: Tensor | None = None
    camera_to_world: Tensor | None = None
    has_intrinsics: Tensor | None = None
    has_pose: Tensor | None = None

    def __post_init__(self) -> None:
        if (self.depth is None) != (self.deviation is None):
            raise ValueError("sparse depth needs both: depth and its deviation")

    def at(self, frame: int) -> Evidence:
        """The frame number `frame` of a sequence: (B, …)."""
        return self._mapped(lambda x: x[:, frame])

    def flattened(self) -> Evidence:
        """A sequence (B, T, …) as B * T frames."""
        return self._mapped(lambda x: x.flatten(0, 1))

    def to(self, device: torch.device) -> Evidence:
        """The same on `device`; the host does not wait for copies to a GPU."""
        if device.type != "cuda":
            return self._mapped(lambda x: x.to(device))
        return self._mapped(
            lambda x: (x if x.is_cuda else x.pin_memory()).to(device, non_blocking=True)
        )

    def _mapped(self, change: Callable[[Tensor], Tensor]) -> Evidence:
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return Evidence(**{k: None if v is None else change(v) for k, v in values.items()})


@dataclass(frozen=True)
class SparseDepth:
    """Measured depth as the network takes it: relative to its own mean, so that scale is apart.

    Attributes:
        relative: (B, 1, H, W), log depth less `centre`, 0 where nothing is known.
        weight: (B, 1, H, W), 1 for a point of typical deviation, 0 where nothing is known.
        centre: (B, 1, 1, 1), robust mean of log depth; 0 where no point is known.
        known: (B, 1, 1, 1) bool, whether there is any point.
    """

    relative: Tensor
    weight: Tensor
    centre: Tensor
    known: Tensor

    def rows(self, rows: slice) -> SparseDepth:
        """Of the streams `rows` alone."""
        return SparseDepth(**{name: value[rows] for name, value in vars(self).items()})

    @staticmethod
    def of(evidence: Evidence, image: Tensor) -> SparseDepth:
        """From evidence on images (B, 3, H, W); without depth, no point at all."""
        if evidence.depth is None or evidence.deviation is None:
            nothing = image.new_zeros((len(image), 1, *image.shape[-2:]), dtype=torch.float32)
            none = nothing[..., :1, :1]
            return SparseDepth(nothing, nothing, none, none > 0)
        depth = evidence.depth.float()[:, None]  # (B, 1, H, W)
        is_known = (depth > 0) & (depth < torch.inf)
        depth = depth.where(is_known, 1)
        deviation = (evidence.deviation.float()[:, None] / depth).square()
        variance = deviation + SMALLEST_DEVIATION**2
        weight = (TYPICAL_DEVIATION**2 / variance).where(is_known, 0)
        logarithm = depth.log()
        centre = robust_mean(logarithm, weight, scale=1.0)
        relative = (logarithm - centre).where(is_known, 0)
        return SparseDepth(
            relative, weight, centre, is_known.flatten(1).any(1)[:, None, None, None]
        )


def robust_mean(values: Tensor, weight: Tensor, scale: float = ROBUST_SCALE) -> Tensor:
    """Mean (B, 1, 1, 1) of values (B, 1, H, W) by iteratively reweighted least squares.

    No value weighs more than one of typical deviation: a single one must not decide alone. Where
    all weights are 0 the mean is 0.
    """
    bounded = weight.clamp_max(1)
    mean = _weighted_mean(values, bounded)
    for _ in range(ROBUST_ITERATIONS):
        mean = _weighted_mean(values, bounded * cauchy_weight(values - mean, scale))
    return mean


def cauchy_weight(difference: Tensor, scale: float = ROBUST_SCALE) -> Tensor:
    """Cauchy's weight 1 / (1 + (x / scale)²): 1 for what agrees, near 0 for what does not."""
    return 1 / (1 + (difference / scale).square())


def _weighted_mean(values: Tensor, weight: Tensor) -> Tensor:
    total = weight.sum(dim=(-2, -1), keepdim=True)
    return (values * weight).sum(dim=(-2, -1), keepdim=True) / total.clamp_min(1e-6)


def rays_of(evidence: Evidence, predicted: Tensor) -> Tensor:
    """Intrinsics (B, 3, 3) of the rays: the given ones, and `predicted` where none are."""
    if evidence.intrinsics is None:
        return predicted
    given = evidence.intrinsics.float()
    if evidence.has_intrinsics is None:
        return given
    return torch.where(evidence.has_intrinsics[:, None, None], given, predicted)


def ray_maps(evidence: Evidence, image: Tensor, stride: int) -> Tensor:
    """Known viewing directions (x, y at z = 1) and a flag, by cells: (B, 3, H / s, W / s)."""
    height, width = image.shape[-2] // stride, image.shape[-1] // stride
    if evidence.intrinsics is None:
        return image.new_zeros((len(image), 3, height, width), dtype=torch.float32)
    cells = _intrinsics_of_cells(evidence.intrinsics.float(), stride)
    maps = pixel_rays(cells, height, width).permute(0, 3, 1, 2)  # (B, 3, h, w), the third is 1
    if evidence.has_intrinsics is not None:
        maps = maps * evidence.has_intrinsics[:, None, None, None]
    return maps


def _intrinsics_of_cells(intrinsics: Tensor, stride: int) -> Tensor:
    """K (B, 3, 3) of an image whose pixels are cells of stride * stride pixels."""
    upper = intrinsics[:, :2] / stride
    shift = (1 / stride - 1) / 2
    centre = upper[..., 2:] + shift
    return torch.cat((torch.cat((upper[..., :2], centre), dim=-1), intrinsics[:, 2:]), dim=1)
