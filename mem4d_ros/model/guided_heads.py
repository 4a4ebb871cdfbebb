"""Dense heads at half resolution, enlarged by what the image shows (convex upsampling).

Sharp edges come from the last step: every pixel is a weighted mean of the 3×3 predictions around
it, with weights that the network reads from the image (Teed & Deng, *RAFT*, 2020, do so for flow).
Predicting depth along known rays leaves one number a pixel to be found.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mem4d_ros.geometry import fov_to_intrinsics, transform_points, unproject
from mem4d_ros.model.completion import DepthCorrection
from mem4d_ros.model.config import Mem4DConfig
from mem4d_ros.model.decoder import Readout
from mem4d_ros.model.dpt import DenseTrunk
from mem4d_ros.model.evidence import Evidence, SparseDepth, rays_of
from mem4d_ros.model.evidence_encoder import FINEST, EncodedEvidence
from mem4d_ros.model.heads import WALL_DEPTH_M, WALL_FIELD_OF_VIEW, CameraHead, to_points
from mem4d_ros.model.layers import unrounded
from mem4d_ros.model.output import FrameOutput
from mem4d_ros.model.parts import Part

NEIGHBOURS = 9
MIN_LOG_DEPTH, MAX_LOG_DEPTH = math.log(0.02), math.log(2000.0)


class GuidedFeatures(nn.Module):
    """Readout tokens and the encoder's pyramid to features at half the image's resolution."""

    def __init__(self, config: Mem4DConfig, pyramid_channels: Mapping[int, int]) -> None:
        super().__init__()
        width = config.head.output_width
        self.trunk = DenseTrunk(config, pyramid_channels)
        self.narrow = nn.Conv2d(config.head.fusion_width, width, 1)
        self.guide = nn.Conv2d(pyramid_channels.get(FINEST, 3), width, 1)
        self.mix = nn.Conv2d(width, width, 3, padding=1)
        self.refine = nn.Conv2d(width, width, 3, padding=1)

    def forward(
        self,
        taps: Sequence[Tensor],
        pyramid: Mapping[int, Tensor],
        grid: tuple[int, int],
        additions: Mapping[int, Tensor],
    ) -> Tensor:
        """Features (B, c, H / 2, W / 2).

        Args:
            taps: as for :class:`DenseTrunk`, like `grid` and `additions`.
            pyramid: likewise, and reaching stride 2.
            grid: patches (height, width).
            additions: maps of the evidence by stride.
        """
        x = self.narrow(self.trunk(taps, pyramid, grid, additions))  # (B, c, H / 4, W / 4)
        x = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
        x = x + self.guide(pyramid[FINEST])
        if FINEST in additions:
            x = x + additions[FINEST]
        x = F.relu(self.mix(F.relu(x)))
        return F.relu(x + self.refine(x))


def enlarge(maps: Tensor, shares: Tensor) -> Tensor:
    """Maps (B, c, h, w) to (B, c, 2h, 2w): each pixel a convex combination of 3×3 around it.

    Args:
        shares: (B, 1, 9, 4, h, w), weights of each neighbour in each of the four pixels of a cell,
            row by row; they sum to 1 over the nine.
    """
    height, width = maps.shape[-2:]
    padded = F.pad(maps, (1, 1, 1, 1), mode="replicate")
    around = F.unfold(padded, 3).unflatten(1, (-1, NEIGHBOURS, 1)).unflatten(4, (height, width))
    mixed = (shares * around).sum(dim=2)  # (B, c, 4, h, w)
    return F.pixel_shuffle(mixed.flatten(1, 2), FINEST)


def _output(width: int, channels: int) -> nn.Conv2d:
    """A last layer that starts near zero."""
    layer = nn.Conv2d(width, channels, 1)
    nn.init.normal_(layer.weight, std=1e-2)
    nn.init.zeros_(layer.get_parameter("bias"))
    return layer


class GuidedPointmapHead(nn.Module):
    """A pointmap with confidence, three coordinates a pixel."""

    def __init__(self, config: Mem4DConfig, pyramid_channels: Mapping[int, int]) -> None:
        super().__init__()
        self.features = GuidedFeatures(config, pyramid_channels)
        self.output = _output(config.head.output_width, 4)

    def forward(
        self,
        taps: Sequence[Tensor],
        pyramid: Mapping[int, Tensor],
        grid: tuple[int, int],
        shares: Tensor,
    ) -> tuple[Tensor, Tensor]:
        """points (B, H, W, 3) in metres, direction · expm1(norm); confidence (B, H, W) ≥ 1.

        Args:
            shares: weights of :func:`enlarge`; edges in the image are the self-view's.
        """
        x = self.features(taps, pyramid, grid, {})
        return to_points(enlarge(unrounded(self.output, x).float(), shares))


class RayDepthHead(nn.Module):
    """Depth along given rays, corrected by the points whose depth was measured."""

    def __init__(self, config: Mem4DConfig, pyramid_channels: Mapping[int, int]) -> None:
        super().__init__()
        width = config.head.output_width
        self.features = GuidedFeatures(config, pyramid_channels)
        self.output = _output(width, 2)
        self.weights = nn.Conv2d(width, NEIGHBOURS * FINEST**2, 1)
        self.correction = DepthCorrection()

    def forward(
        self,
        taps: Sequence[Tensor],
        pyramid: Mapping[int, Tensor],
        grid: tuple[int, int],
        evidence: EncodedEvidence,
        intrinsics: Tensor,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """The self-view pointmap.

        Args:
            intrinsics: (B, 3, 3), pixels, of the rays.

        Returns:
            points_camera (B, H, W, 3) in metres, each on its pixel's ray; confidence (B, H, W) ≥ 1;
            the weights by which :func:`enlarge` made them.
        """
        maps, shares = self.predict(taps, pyramid, grid, evidence.maps, evidence.prefill)
        with torch.autocast(maps.device.type, enabled=False):
            log_depth = self._measured(maps[:, :1], evidence.points, intrinsics)
            depth = log_depth.clamp(MIN_LOG_DEPTH, MAX_LOG_DEPTH).exp().squeeze(1)  # (B, H, W)
            return unproject(depth, intrinsics), 1 + maps[:, 1].exp(), shares

    def predict(
        self,
        taps: Sequence[Tensor],
        pyramid: Mapping[int, Tensor],
        grid: tuple[int, int],
        additions: Mapping[int, Tensor],
        prefill: Tensor,
    ) -> tuple[Tensor, Tensor]:
        """What the network sees, before measured points correct it.

        Args:
            additions: maps of the evidence by stride.
            prefill: (B, 1, h, w), points interpolated, relative to their centre.

        Returns:
            (B, 2, H, W): log depth relative to the points' centre, or to the wall, and log
            (confidence - 1); and the weights by which :func:`enlarge` made them.
        """
        x = self.features(taps, pyramid, grid, additions)
        maps = unrounded(self.output, x).float()  # (B, 2, H / 2, W / 2)
        weights = self.weights(x).float().unflatten(1, (1, NEIGHBOURS, FINEST**2))
        shares = weights.softmax(dim=2)  # (B, 1, 9, 4, H / 2, W / 2)
        prefill = F.interpolate(
            prefill.float(), size=maps.shape[-2:], mode="bilinear", align_corners=False
        )
        return enlarge(torch.cat((maps[:, :1] + prefill, maps[:, 1:]), dim=1), shares), shares

    def _measured(self, relative: Tensor, points: SparseDepth | None, intrinsics: Tensor) -> Tensor:
        """Log depth (B, 1, H, W) in metres from a relative one and the points, if there are any."""
        wall = self._log_wall(intrinsics, *relative.shape[-2:])
        if points is None:
            return relative + wall
        corrected = self.correction(relative, points)
        return corrected + torch.where(points.known, points.centre, wall)

    @staticmethod
    def _log_wall(intrinsics: Tensor, height: int, width: int) -> Tensor:
        """Log depth (B, 1, 1, 1) of what looks like a wall WALL_DEPTH_M away in the usual camera.

        A camera of twice the focal length shows the same thing at twice the distance, which is why
        depth is predicted relative to it (Yin et al., *Metric3D*, 2023).
        """
        usual = max(height, width) / 2 / math.tan(WALL_FIELD_OF_VIEW / 2)
        focal = (intrinsics[:, 0, 0] * intrinsics[:, 1, 1]).sqrt()
        return (focal / usual * WALL_DEPTH_M).log()[:, None, None, None]


class EvidenceHeads(nn.Module):
    """Heads of a network that takes evidence: depth along rays, and a pointmap of the world.

    Where the pose is known, the global pointmap is that pose applied to the self-view, and the
    second dense head does not run.
    """

    def __init__(self, config: Mem4DConfig, pyramid_channels: Mapping[int, int]) -> None:
        super().__init__()
        self.world = GuidedPointmapHead(config, pyramid_channels)
        self.self_view = RayDepthHead(config, pyramid_channels)
        self.camera = CameraHead(config)

    def unrounded_layers(self) -> tuple[nn.Module, ...]:
        """Layers that write metres and radians."""
        return (self.world.output, self.self_view.output, self.camera.output)

    def parts(self) -> tuple[Part, ...]:
        """What is nearly all of the work; the points' correction is an algorithm, not a network."""
        return (
            Part("self-view head", self.self_view, "predict"),
            Part("global head", self.world),
        )

    def forward(
        self,
        readout: Readout,
        pyramid: Mapping[int, Tensor],
        grid: tuple[int, int],
        evidence: Evidence,
        encoded: EncodedEvidence,
    ) -> FrameOutput:
        """Predict one frame of B streams."""
        field_of_view, quaternion, translation = self.camera(readout.camera)
        height, width = (FINEST * side for side in pyramid[FINEST].shape[-2:])
        intrinsics = rays_of(evidence, fov_to_intrinsics(field_of_view, height, width))
        points_camera, confidence_camera, shares = self.self_view(
            readout.taps, pyramid, grid, encoded, intrinsics
        )
        look = partial(self.world, readout.taps, pyramid, grid, shares)
        points_world, confidence_world = _world(evidence, points_camera, confidence_camera, look)
        return FrameOutput(
            points_world=points_world,
            confidence_world=confidence_world,
            points_camera=points_camera,
            confidence_camera=confidence_camera,
            quaternion=quaternion,
            translation=translation,
            field_of_view=field_of_view,
            intrinsics=intrinsics,
        )


def _world(
    evidence: Evidence,
    points_camera: Tensor,
    confidence: Tensor,
    look: Callable[[], tuple[Tensor, Tensor]],
) -> tuple[Tensor, Tensor]:
    """points_world (B, H, W, 3) and confidence (B, H, W): placed by the pose, or looked for."""
    if evidence.camera_to_world is None:
        return look()
    placed = transform_points(evidence.camera_to_world.float(), points_camera)
    if evidence.has_pose is None:
        return placed, confidence
    predicted, predicted_confidence = look()
    is_known = evidence.has_pose[:, None, None]
    return (
        torch.where(is_known[..., None], placed, predicted),
        torch.where(is_known, confidence, predicted_confidence),
    )
