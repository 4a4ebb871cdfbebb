"""Heads (eq. 6): dense pointmaps in the manner of DPT (Ranftl et al. 2021), and the camera."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mem4d_ros.model.config import Mem4DConfig
from mem4d_ros.model.layers import unrounded

WALL_DEPTH_M = 2.0
WALL_FIELD_OF_VIEW = math.radians(60)
"""Heads predict what differs from a wall this far ahead, seen by a camera this wide."""


class ResidualConvUnit(nn.Module):
    """Two 3×3 convolutions with a residual connection."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """x (B, c, h, w), shape kept."""
        return x + self.second(F.relu(self.first(F.relu(x))))


class FusionBlock(nn.Module):
    """Adds a finer level to what came from the coarser ones."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.lateral = ResidualConvUnit(width)
        self.merge = ResidualConvUnit(width)

    def forward(self, level: Tensor, coarser: Tensor) -> Tensor:
        """level (B, c, h, w); coarser (B, c, ⌈h/2⌉, ⌈w/2⌉)."""
        enlarged = F.interpolate(
            coarser, size=level.shape[-2:], mode="bilinear", align_corners=False
        )
        return self.merge(enlarged + self.lateral(level))


def _resample(width: int, level: int) -> nn.Module:
    """From patch stride 16 to stride 4, 8, 16, 32 at level 0, 1, 2, 3."""
    if level == 0:
        return nn.ConvTranspose2d(width, width, 4, stride=4)
    if level == 1:
        return nn.ConvTranspose2d(width, width, 2, stride=2)
    if level == 2:
        return nn.Identity()
    return nn.Conv2d(width, width, 3, stride=2, padding=1)


class PointmapHead(nn.Module):
    """Readout tokens (and the encoder's pyramid, if it has one) to a pointmap with confidence."""

    def __init__(self, config: Mem4DConfig, pyramid_channels: Sequence[int]) -> None:
        super().__init__()
        head, fusion = config.head, config.head.fusion_width
        self.projections = nn.ModuleList(
            nn.Conv2d(config.width, width, 1) for width in head.layer_widths
        )
        self.resamplers = nn.ModuleList(
            _resample(width, level) for level, width in enumerate(head.layer_widths)
        )
        self.levels = nn.ModuleList(
            nn.Conv2d(width, fusion, 3, padding=1) for width in head.layer_widths
        )
        # A trunk without normalisation has features of any scale; a head needs one it can rely on.
        self.pyramid = nn.ModuleList(
            nn.Sequential(nn.GroupNorm(1, width), nn.Conv2d(width, fusion, 1))
            for width in pyramid_channels
        )
        self.coarsest = ResidualConvUnit(fusion)
        self.fusions = nn.ModuleList(FusionBlock(fusion) for _ in head.layer_widths[:-1])
        self.norm = nn.GroupNorm(1, fusion)
        self.half_resolution = nn.Conv2d(fusion, fusion // 2, 3, padding=1)
        self.full_resolution = nn.Conv2d(fusion // 2, head.output_width, 3, padding=1)
        self.output = nn.Conv2d(head.output_width, 4, 1)
        nn.init.normal_(self.output.weight, std=1e-2)
        self.output.bias = nn.Parameter(torch.zeros(4))

    def forward(
        self, taps: Sequence[Tensor], pyramid: Sequence[Tensor], height: int, width: int
    ) -> tuple[Tensor, Tensor]:
        """Pointmap and confidence at the image's size.

        Args:
            taps: four token sets (B, n, C), n = height · width patches.
            pyramid: the encoder's maps at strides 4 and 8, or nothing.
        Returns:
            points (B, H, W, 3) in metres, direction · expm1(norm); confidence (B, H, W) ≥ 1.
        """
        *finer, coarsest = self._levels(taps, pyramid, height, width)
        fused = self.coarsest(coarsest)
        for level, fusion in zip(reversed(finer), reversed(self.fusions), strict=True):
            fused = fusion(level, fused)
        x = self.norm(fused)  # (B, c, H / 4, W / 4)
        x = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
        x = F.relu(self.half_resolution(x))  # (B, c, H / 2, W / 2)
        x = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
        x = unrounded(self.output, F.relu(self.full_resolution(x)))  # (B, 4, H, W)
        return to_points(x.float())

    def _levels(
        self, taps: Sequence[Tensor], pyramid: Sequence[Tensor], height: int, width: int
    ) -> list[Tensor]:
        """Maps (B, c, ·, ·) at strides 4, 8, 16, 32."""
        levels = []
        for tap, project, resample, convolve in zip(
            taps, self.projections, self.resamplers, self.levels, strict=True
        ):
            grid = tap.transpose(1, 2).unflatten(2, (height, width))  # (B, C, h, w)
            levels.append(convolve(resample(project(grid))))
        for index, (map_, project) in enumerate(zip(pyramid, self.pyramid, strict=True)):
            levels[index] = levels[index] + project(map_)
        return levels


def to_points(raw: Tensor) -> tuple[Tensor, Tensor]:
    """Raw maps (B, 4, H, W) to points (B, H, W, 3) in metres and confidence (B, H, W) = 1 + exp.

    The norm is stretched by expm1, the direction kept, so near and far share one scale. Zeros are
    the wall: attention knows places only relatively, so where a pixel looks has to be given.
    """
    xyz = raw[:, :3] + shrunken_wall(raw.shape[-2], raw.shape[-1], raw.device)
    log_confidence = raw[:, 3]
    norm = (xyz * xyz).sum(dim=1, keepdim=True).clamp_min(1e-16).sqrt()  # (B, 1, H, W)
    points = xyz * (norm.expm1() / norm)
    return points.permute(0, 2, 3, 1).contiguous(), 1 + log_confidence.exp()


def shrunken_wall(height: int, width: int, device: torch.device) -> Tensor:
    """The wall's points in raw form, direction · log1p(norm): (3, H, W)."""
    focal = max(height, width) / 2 / math.tan(WALL_FIELD_OF_VIEW / 2)
    y = (torch.arange(height, device=device) - (height - 1) / 2) / focal
    x = (torch.arange(width, device=device) - (width - 1) / 2) / focal
    yy, xx = torch.meshgrid(y, x, indexing="ij")
    wall = torch.stack((xx, yy, torch.ones_like(xx))) * WALL_DEPTH_M
    norm = (wall * wall).sum(dim=0).sqrt()  # far quicker on a CPU than Tensor.norm over dim 0
    return wall * (norm.log1p() / norm)


class CameraHead(nn.Module):
    """Camera token to field of view, rotation and translation of camera-to-world."""

    def __init__(self, config: Mem4DConfig) -> None:
        super().__init__()
        self.hidden = nn.Linear(config.width, config.width)
        self.output = nn.Linear(config.width, 2 + 4 + 3)
        # Untrained weights predict a camera at rest: at the origin, looking ahead.
        nn.init.normal_(self.output.weight, std=1e-3)
        share = WALL_FIELD_OF_VIEW / math.pi
        fov = math.log(share / (1 - share))
        self.output.bias = nn.Parameter(torch.tensor([fov, fov, 1.0, 0, 0, 0, 0, 0, 0]))

    def forward(self, camera: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """From camera tokens (B, C).

        Returns:
            field of view (B, 2), horizontal and vertical, in radians within (0, π);
            quaternion (B, 4), wxyz, of length 1; translation (B, 3) in metres.
        """
        raw = unrounded(self.output, F.gelu(self.hidden(camera))).float()
        field_of_view = raw[:, :2].sigmoid() * math.pi
        return field_of_view, F.normalize(raw[:, 2:6], dim=-1), raw[:, 6:]
