"""Transient Dynamics Memory (TDM, eq. 3 and 4): how each patch moved against the last frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mem4d_ros.model.config import Mem4DConfig
from mem4d_ros.model.layers import NORM_EPS, BlockStack
from mem4d_ros.model.rope import MovingRotation, Rotation, Tables, grid_positions
from mem4d_ros.model.stages import TDM, stage


@dataclass(frozen=True)
class FeaturePyramid:
    """A past frame's enriched features, mean-pooled by 1, 2, 4, …: maps (B, C, h_l, w_l).

    Pooling the features is pooling the last two dimensions of the correlation volume, since the
    dot product is linear; it is done once when the frame is remembered.
    """

    levels: tuple[Tensor, ...]


class TransientDynamicsMemory(nn.Module):
    """Correlates the current frame with each remembered one, anew at every step."""

    def __init__(self, config: Mem4DConfig) -> None:
        super().__init__()
        tdm = config.dynamics_memory
        self.rope = (config.rope_dims, config.rope_base)
        self.pyramid_levels = tdm.pyramid_levels
        self.radius = tdm.radius
        window = (2 * tdm.radius + 1) ** 2
        self.mlp = nn.Sequential(
            nn.Linear(tdm.pyramid_levels * window, config.width),
            nn.GELU(),
            nn.Linear(config.width, config.width),
        )
        self.blocks = BlockStack(tdm.depth, config.width, config.heads, config.mlp_ratio)
        self.norm = nn.LayerNorm(config.width, eps=NORM_EPS)
        self._tables = Tables()

    @stage(TDM)
    def pyramid(self, enriched: Tensor, height: int, width: int) -> FeaturePyramid:
        """Pool enriched tokens (B, n, C) for later look-ups; sides round up."""
        level = enriched.transpose(1, 2).unflatten(2, (height, width))  # (B, C, h, w)
        levels = [level]
        for _ in range(self.pyramid_levels - 1):
            level = F.avg_pool2d(level, 2, ceil_mode=True, count_include_pad=False)
            levels.append(level)
        return FeaturePyramid(tuple(levels))

    def look_up(self, enriched: Tensor, past: FeaturePyramid, height: int, width: int) -> Tensor:
        """Correlations of each token with the (2r+1)² cells around its own place, at every level.

        Level l looks around the pooled cell ⌊y / 2^l⌋, ⌊x / 2^l⌋ that holds the token; cells
        outside the image count as zero.

        Args:
            enriched: current tokens (B, n, C).

        Returns:
            (B, n, levels · (2r+1)²), finest level first, rows before columns.
        """
        batch, channels = enriched.shape[0], enriched.shape[2]
        scaled = enriched * channels**-0.5
        looked_up = []
        for level, features in enumerate(past.levels):
            volume = scaled @ features.flatten(2)  # (B, n, h_l * w_l)
            volume = F.pad(volume, (0, 1))  # the last column is what lies outside the image
            cells = self._cells(height, width, level, features)  # (n, (2r+1)²)
            looked_up.append(volume.gather(2, cells.expand(batch, -1, -1)))
        return torch.cat(looked_up, dim=2)

    def _cells(self, height: int, width: int, level: int, features: Tensor) -> Tensor:
        """Flat index of each cell of each token's window at `level`; outside is h_l · w_l."""
        rows, columns = features.shape[-2:]
        device = features.device
        return self._tables.get(
            ("cells", height, width, level, rows, columns, device),
            lambda: self._make_cells(height, width, level, (rows, columns), device),
        )

    def _make_cells(
        self, height: int, width: int, level: int, size: tuple[int, int], device: torch.device
    ) -> Tensor:
        rows, columns = size
        offsets = torch.arange(-self.radius, self.radius + 1, device=device)
        y = (torch.arange(height, device=device) >> level)[:, None] + offsets  # (h, 2r+1)
        x = (torch.arange(width, device=device) >> level)[:, None] + offsets  # (w, 2r+1)
        y, x = y[:, None, :, None], x[None, :, None, :]
        inside = (y >= 0) & (y < rows) & (x >= 0) & (x < columns)
        flat = torch.where(inside, y * columns + x, rows * columns)  # (h, w, 2r+1, 2r+1)
        return flat.reshape(height * width, -1)

    @stage(TDM)
    def forward(
        self, enriched: Tensor, past: Sequence[FeaturePyramid], height: int, width: int
    ) -> Tensor:
        """Motion tokens of the current frame against each remembered one.

        Args:
            enriched: current tokens (B, n, C).
            past: the frames 1, 2, … steps ago.

        Returns:
            (B, len(past) · n, C), nearest frame first.
        """
        if not past:
            return enriched[:, :0]
        correlations = [self.look_up(enriched, frame, height, width) for frame in past]
        x = self.mlp(torch.cat(correlations, dim=1))  # (B, len(past) * n, C)
        rotate = self.rotation(0, len(past), height, width, like=x)
        return self.norm(self.blocks(x, rotate))

    def remember(
        self,
        motion: tuple[FeaturePyramid, ...],
        enriched: Tensor,
        height: int,
        width: int,
        capacity: int,
    ) -> tuple[FeaturePyramid, ...]:
        """The memory with a frame's tokens (B, n, C) as the newest of at most `capacity` frames."""
        if capacity == 0:
            return ()
        return (self.pyramid(enriched, height, width), *motion)[:capacity]

    def rotation(
        self, now: float | Tensor, count: int, height: int, width: int, like: Tensor
    ) -> Rotation:
        """Rotations of the motion tokens: those against the frame Δ ago sit at time now - Δ."""
        table = self._tables.get(
            ("rotation", count, height, width, like.device),
            lambda: MovingRotation(
                grid_positions(range(-1, -count - 1, -1), height, width, device=like.device),
                *self.rope,
            ),
        )
        return table.at(now, like)
