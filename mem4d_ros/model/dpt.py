"""The trunk of a dense head, as in DPT (Ranftl et al. 2021): tokens to a map at stride 4."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch.nn.functional as F
from torch import Tensor, nn

from mem4d_ros.model.config import Mem4DConfig

LEVEL_STRIDES = (4, 8, 16, 32)


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


class DenseTrunk(nn.Module):
    """Readout tokens, with the encoder's pyramid where there is one, to one map at stride 4."""

    def __init__(self, config: Mem4DConfig, pyramid_channels: Mapping[int, int]) -> None:
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
        self.pyramid = nn.ModuleDict(
            {
                str(stride): nn.Sequential(nn.GroupNorm(1, width), nn.Conv2d(width, fusion, 1))
                for stride, width in pyramid_channels.items()
                if stride in LEVEL_STRIDES
            }
        )
        self.coarsest = ResidualConvUnit(fusion)
        self.fusions = nn.ModuleList(FusionBlock(fusion) for _ in head.layer_widths[:-1])
        self.norm = nn.GroupNorm(1, fusion)

    def forward(
        self,
        taps: Sequence[Tensor],
        pyramid: Mapping[int, Tensor],
        grid: tuple[int, int],
        additions: Mapping[int, Tensor],
    ) -> Tensor:
        """The fused map (B, c, H / 4, W / 4).

        Args:
            taps: four token sets (B, n, C), n = h · w patches of the grid (h, w).
            pyramid: the encoder's maps by stride.
            additions: maps (B, c, H / s, W / s) of the evidence by stride s, or nothing.
        """
        *finer, coarsest = self._levels(taps, pyramid, grid, additions)
        fused = self.coarsest(coarsest)
        for level, fusion in zip(reversed(finer), reversed(self.fusions), strict=True):
            fused = fusion(level, fused)
        return self.norm(fused)

    def _levels(
        self,
        taps: Sequence[Tensor],
        pyramid: Mapping[int, Tensor],
        grid: tuple[int, int],
        additions: Mapping[int, Tensor],
    ) -> list[Tensor]:
        """Maps (B, c, ·, ·) at strides 4, 8, 16, 32."""
        levels = []
        for stride, tap, project, resample, convolve in zip(
            LEVEL_STRIDES, taps, self.projections, self.resamplers, self.levels, strict=True
        ):
            tokens = tap.transpose(1, 2).unflatten(2, grid)  # (B, C, h, w)
            level = convolve(resample(project(tokens)))
            if str(stride) in self.pyramid:
                level = level + self.pyramid[str(stride)](pyramid[stride])
            if stride in additions:
                level = level + additions[stride]
            levels.append(level)
        return levels
