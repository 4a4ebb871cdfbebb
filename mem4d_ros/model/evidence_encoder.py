"""Encoder of evidence: cells of points and rays, beside the image at every stride.

What it adds to the network's own features starts at zero: a network that learned without evidence
is the same before its first step with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mem4d_ros.model.completion import pull_push
from mem4d_ros.model.config import EvidenceConfig, Mem4DConfig
from mem4d_ros.model.evidence import Evidence, SparseDepth, ray_maps

FINEST, FINE, COARSE = 2, 4, 8
CELL_CHANNELS = 9
PREFILL, RAYS = 3, 6
"""Where in a cell's channels the interpolation lies, and the rays begin."""
POSE_CHANNELS = 7
"""Direction, start and a flag."""
_PREFILL_SMOOTHNESS = 0.3
_PREFILL_LEVELS = 7


@dataclass(frozen=True)
class EncodedEvidence:
    """Evidence of one frame of B streams in the network's own terms.

    Attributes:
        points: the sparse depth at full resolution; None where the frames come without any.
        prefill: (B, 1, H / 16, W / 16), points interpolated, relative to their centre.
        rays: (B, 3, H / 16, W / 16), known viewing directions and a flag, by cells.
        maps: what is added to the dense heads' features (B, c, H / s, W / s), by stride s.
        tokens: what is added to the image's tokens, (B, n, C).
    """

    points: SparseDepth | None
    prefill: Tensor
    rays: Tensor
    maps: Mapping[int, Tensor]
    tokens: Tensor

    def rows(self, rows: slice) -> EncodedEvidence:
        """Of the streams `rows` alone."""
        return EncodedEvidence(
            self.points and self.points.rows(rows),
            self.prefill[rows],
            self.rays[rows],
            {stride: map_[rows] for stride, map_ in self.maps.items()},
            self.tokens[rows],
        )


class EvidenceEncoder(nn.Module):
    """Points and rays to additions for tokens and dense heads, by a few small convolutions."""

    def __init__(self, config: Mem4DConfig, evidence: EvidenceConfig) -> None:
        super().__init__()
        fine, coarse, deep = evidence.widths
        self.patch_size = config.patch_size
        self.fine = nn.Conv2d(CELL_CHANNELS, fine, 3, padding=1)
        self.coarse = nn.Conv2d(fine, coarse, 3, stride=2, padding=1)
        self.deep = nn.Conv2d(coarse + CELL_CHANNELS, deep, 3, stride=2, padding=1)
        fusion = config.head.fusion_width
        self.additions = nn.ModuleDict(
            {
                str(FINEST): _silent(nn.Conv2d(CELL_CHANNELS, config.head.output_width, 1)),
                str(FINE): _silent(nn.Conv2d(fine, fusion, 1)),
                str(COARSE): _silent(nn.Conv2d(coarse, fusion, 1)),
            }
        )
        self.tokens = _silent(nn.Conv2d(deep, config.width, 1))

    def forward(self, evidence: Evidence, image: Tensor) -> EncodedEvidence:
        """Encode the evidence on images (B, 3, H, W); what is not known counts as zeros."""
        with torch.autocast(image.device.type, enabled=False):
            points = SparseDepth.of(evidence, image)
            cells = cell_maps(points, evidence, image)
        fine = F.relu(self.fine(cells[FINE]))
        coarse = F.relu(self.coarse(fine))
        deep = F.relu(self.deep(torch.cat((coarse, cells[COARSE]), dim=1)))  # (B, c, h, w)
        maps = {FINEST: cells[FINEST], FINE: fine, COARSE: coarse}
        additions = {stride: self.additions[str(stride)](map_) for stride, map_ in maps.items()}
        patches = cells[self.patch_size]
        return EncodedEvidence(
            points=None if evidence.depth is None else points,
            prefill=patches[:, PREFILL : PREFILL + 1],
            rays=patches[:, RAYS:],
            maps=additions,
            tokens=self.tokens(deep).flatten(2).transpose(1, 2),
        )


class PoseEmbedding(nn.Module):
    """A known pose, told to every token: where its ray starts and goes in the world."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.projection = _silent(nn.Linear(POSE_CHANNELS, width))

    def forward(self, evidence: Evidence, rays: Tensor) -> Tensor:
        """Additions (B, 1 + n, C) for the camera token, then for the image's.

        Args:
            rays: viewing directions (B, 3, h, w) in the camera's frame, zeros where not known.
        """
        batch = len(rays)
        if evidence.camera_to_world is None:
            pose = torch.eye(4, device=rays.device).expand(batch, 4, 4)
            known = rays.new_zeros(batch)
        else:
            pose = evidence.camera_to_world.float()
            has = evidence.has_pose
            known = rays.new_ones(batch) if has is None else has.float()
        ahead = torch.eye(3, device=rays.device)[2].expand(batch, 1, 3)
        directions = torch.cat((ahead, rays.flatten(2).transpose(1, 2)), dim=1)  # (B, 1 + n, 3)
        directions = directions @ pose[:, :3, :3].transpose(1, 2)
        centre = pose[:, None, :3, 3].expand_as(directions)
        centre = centre.sign() * centre.abs().log1p()
        flag = torch.ones_like(directions[..., :1])
        seen = torch.cat((directions, centre, flag), dim=-1) * known[:, None, None]
        return self.projection(seen.to(self.projection.get_parameter("weight").dtype))


def cell_maps(points: SparseDepth, evidence: Evidence, image: Tensor) -> dict[int, Tensor]:
    """Features of each cell of 2, 4, 8 and 16 pixels: maps (B, 9, H / s, W / s) by stride s.

    Channels: number of points (log1p), their mean relative log depth, its spread, the interpolation
    of all points, their mean weight (log1p), number of points in the cell four times as large
    (log1p); then rays x, y, flag.
    """
    count = (points.weight > 0).to(points.weight)
    bounded = points.weight.clamp_max(1)
    maps: dict[int, Tensor] = {}
    for stride in (2, 4, 8, 16):
        total = _sums(bounded, stride)
        mean = _sums(bounded * points.relative, stride) / total.clamp_min(1e-6)
        square = _sums(bounded * points.relative.square(), stride) / total.clamp_min(1e-6)
        counts = _sums(count, stride)
        if stride == FINEST:
            smoothness = total.new_full((_PREFILL_LEVELS,), _PREFILL_SMOOTHNESS)
            prefill = pull_push(mean, total, smoothness)
        strength = _sums(points.weight, stride) / counts.clamp_min(1)
        around = F.interpolate(_sums(count, 4 * stride), size=counts.shape[-2:])
        maps[stride] = torch.cat(
            (
                counts.log1p(),
                mean,
                (square - mean.square()).clamp_min(0),
                F.avg_pool2d(prefill, stride // FINEST),
                strength.log1p(),
                around.log1p(),
                ray_maps(evidence, image, stride),
            ),
            dim=1,
        )
    return maps


def _sums(x: Tensor, stride: int) -> Tensor:
    """Sums over cells of stride * stride pixels."""
    means = F.avg_pool2d(x, stride, ceil_mode=True, count_include_pad=False)
    return means * float(stride * stride)


def _silent(layer: nn.Conv2d | nn.Linear) -> nn.Module:
    """A layer whose output is zero until it has learned."""
    nn.init.zeros_(layer.weight)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer
