"""Heads (eq. 6): dense pointmaps in the manner of DPT (Ranftl et al. 2021), and the camera."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mem4d_ros.geometry import fov_to_intrinsics
from mem4d_ros.model.config import Mem4DConfig
from mem4d_ros.model.decoder import Readout
from mem4d_ros.model.dpt import DenseTrunk
from mem4d_ros.model.evidence import Evidence
from mem4d_ros.model.evidence_encoder import EncodedEvidence
from mem4d_ros.model.layers import unrounded
from mem4d_ros.model.output import FrameOutput
from mem4d_ros.model.parts import Part

WALL_DEPTH_M = 2.0
WALL_FIELD_OF_VIEW = math.radians(60)
"""Heads predict what differs from a wall this far ahead, seen by a camera this wide."""


class PointmapHead(nn.Module):
    """Readout tokens (and the encoder's pyramid, if it has one) to a pointmap with confidence."""

    def __init__(self, config: Mem4DConfig, pyramid_channels: Mapping[int, int]) -> None:
        super().__init__()
        fusion, output = config.head.fusion_width, config.head.output_width
        self.trunk = DenseTrunk(config, pyramid_channels)
        self.half_resolution = nn.Conv2d(fusion, fusion // 2, 3, padding=1)
        self.full_resolution = nn.Conv2d(fusion // 2, output, 3, padding=1)
        self.output = nn.Conv2d(output, 4, 1)
        nn.init.normal_(self.output.weight, std=1e-2)
        self.output.bias = nn.Parameter(torch.zeros(4))

    def forward(
        self, taps: Sequence[Tensor], pyramid: Mapping[int, Tensor], grid: tuple[int, int]
    ) -> tuple[Tensor, Tensor]:
        """Pointmap and confidence at the image's size.

        Args:
            taps: four token sets (B, n, C), n = h · w patches of the grid (h, w).
            pyramid: the encoder's maps by stride, or nothing.

        Returns:
            points (B, H, W, 3) in metres, direction · expm1(norm); confidence (B, H, W) ≥ 1.
        """
        x = self.trunk(taps, pyramid, grid, {})  # (B, c, H / 4, W / 4)
        x = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
        x = F.relu(self.half_resolution(x))  # (B, c, H / 2, W / 2)
        x = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
        x = unrounded(self.output, F.relu(self.full_resolution(x)))  # (B, 4, H, W)
        return to_points(x.float())


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


class Heads(nn.Module):
    """The paper's heads (eq. 6): two pointmaps from the image tokens, the camera from its token."""

    def __init__(self, config: Mem4DConfig, pyramid_channels: Mapping[int, int]) -> None:
        super().__init__()
        self.world = PointmapHead(config, pyramid_channels)
        self.self_view = PointmapHead(config, pyramid_channels)
        self.camera = CameraHead(config)

    def unrounded_layers(self) -> tuple[nn.Module, ...]:
        """Layers that write metres and radians."""
        return (self.world.output, self.self_view.output, self.camera.output)

    def parts(self) -> tuple[Part, ...]:
        """What is nearly all of the work."""
        return (Part("self-view head", self.self_view), Part("global head", self.world))

    def forward(
        self,
        readout: Readout,
        pyramid: Mapping[int, Tensor],
        grid: tuple[int, int],
        evidence: Evidence,
        encoded: EncodedEvidence | None,
    ) -> FrameOutput:
        """Predict; these heads see images alone and leave the evidence aside."""
        points_world, confidence_world = self.world(readout.taps, pyramid, grid)
        points_camera, confidence_camera = self.self_view(readout.taps, pyramid, grid)
        field_of_view, quaternion, translation = self.camera(readout.camera)
        return FrameOutput(
            points_world=points_world,
            confidence_world=confidence_world,
            points_camera=points_camera,
            confidence_camera=confidence_camera,
            quaternion=quaternion,
            translation=translation,
            field_of_view=field_of_view,
            intrinsics=fov_to_intrinsics(field_of_view, *points_world.shape[1:3]),
        )
