"""Image encoders: one token a patch, and a pyramid of finer maps where the encoder has one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import torch
from torch import Tensor, nn

from mem4d_ros.model.config import EfficientNetLiteConfig, ViTConfig
from mem4d_ros.model.efficientnet_lite import EfficientNetLite
from mem4d_ros.model.layers import NORM_EPS, BlockStack
from mem4d_ros.model.rope import Rotation, grid_positions, rotation

PYRAMID_STRIDES = (2, 4, 8)


@dataclass(frozen=True)
class EncoderFeatures:
    """Features of one image.

    Attributes:
        tokens: (B, h * w, E), patch by patch, row by row.
        pyramid: finer maps (B, c, H / s, W / s) by stride s.
    """

    tokens: Tensor
    pyramid: Mapping[int, Tensor]


def normalise(image: Tensor) -> Tensor:
    """From [0, 1] to [-1, 1]: mean and standard deviation 0.5."""
    return (image - 0.5) / 0.5


class ViT(nn.Module):
    """Vision transformer with 2D rotary positions, no class token and no position table."""

    pyramid_channels: Mapping[int, int] = MappingProxyType({})

    def __init__(self, config: ViTConfig, patch_size: int) -> None:
        super().__init__()
        self.config = config
        self.width = config.width
        self.patch_embedding = nn.Conv2d(3, config.width, patch_size, stride=patch_size)
        self.blocks = BlockStack(config.depth, config.width, config.heads, config.mlp_ratio)
        self.norm = nn.LayerNorm(config.width, eps=NORM_EPS)

    def _rotation(self, height: int, width: int, like: Tensor) -> Rotation:
        head_dim = self.config.width // self.config.heads
        positions = grid_positions([0], height, width, device=like.device)[:, 1:]  # (n, 2): y, x
        return rotation(positions, (head_dim // 2, head_dim // 2), self.config.rope_base).to(like)

    def forward(self, image: Tensor) -> EncoderFeatures:
        """Encode image (B, 3, H, W) in [0, 1], H and W multiples of the patch size."""
        patches = self.patch_embedding(normalise(image))  # (B, E, h, w)
        height, width = patches.shape[-2:]
        x = patches.flatten(2).transpose(1, 2)  # (B, n, E)
        x = self.blocks(x, self._rotation(height, width, like=x))
        return EncoderFeatures(self.norm(x), {})


class EfficientNetLiteEncoder(nn.Module):
    """EfficientNet-Lite features: tokens join strides 16 and 32, the pyramid is strides 2, 4, 8."""

    def __init__(self, config: EfficientNetLiteConfig, patch_size: int) -> None:
        super().__init__()
        self.network = EfficientNetLite(config)
        strides = self.network.channels_by_stride
        if patch_size not in strides or 2 * patch_size not in strides:
            raise ValueError(f"patch size {patch_size} does not fit strides {sorted(strides)}")
        self.patch_size = patch_size
        self.width = strides[patch_size] + strides[2 * patch_size]
        self.pyramid_channels = {stride: strides[stride] for stride in PYRAMID_STRIDES}

    def forward(self, image: Tensor) -> EncoderFeatures:
        """Encode image (B, 3, H, W) in [0, 1], H and W multiples of the patch size."""
        maps = self.network(normalise(image))
        fine = maps[self.patch_size]  # (B, c, h, w)
        coarse = nn.functional.interpolate(
            maps[2 * self.patch_size], size=fine.shape[-2:], mode="bilinear", align_corners=False
        )
        tokens = torch.cat((fine, coarse), dim=1).flatten(2).transpose(1, 2)  # (B, n, E)
        return EncoderFeatures(tokens, {stride: maps[stride] for stride in PYRAMID_STRIDES})


def build_encoder(
    config: ViTConfig | EfficientNetLiteConfig, patch_size: int
) -> ViT | EfficientNetLiteEncoder:
    """The encoder that `config` describes."""
    if isinstance(config, ViTConfig):
        return ViT(config, patch_size)
    return EfficientNetLiteEncoder(config, patch_size)
