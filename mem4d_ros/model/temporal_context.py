"""Temporal Context Aggregator (TCA, eq. 1 and 2): the current frame, enriched by a short window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mem4d_ros.model.config import Mem4DConfig
from mem4d_ros.model.layers import NORM_EPS, BlockStack
from mem4d_ros.model.rope import Rotation, Tables, grid_positions, rotation
from mem4d_ros.model.stages import TCA, stage


@dataclass(frozen=True)
class ContextFrame:
    """A past frame in the window: its features (B, C, h, w) and, at `level`, tokens (B, m, C)."""

    features: Tensor
    level: int
    tokens: Tensor


class TemporalContextAggregator(nn.Module):
    """Self-attention of the current tokens with those of past frames, coarser with distance.

    Times enter relative to the current frame (0, -1, -2, …): the result depends on the window's
    content alone, never on how long the stream has run.
    """

    def __init__(self, config: Mem4DConfig) -> None:
        super().__init__()
        self.rope = (config.rope_dims, config.rope_base)
        strides = [2**level for level in range(config.temporal_context.stride_levels)]
        self.compressors = nn.ModuleList(
            nn.Conv2d(config.width, config.width, stride, stride=stride) for stride in strides
        )
        self.blocks = BlockStack(
            config.temporal_context.depth, config.width, config.heads, config.mlp_ratio
        )
        self.norm = nn.LayerNorm(config.width, eps=NORM_EPS)
        self._tables = Tables()

    def level(self, distance: int) -> int:
        """Compression level of the frame `distance` ≥ 1 steps ago; its stride is 2^level."""
        return min(distance.bit_length() - 1, len(self.compressors) - 1)

    @stage(TCA)
    def compress(self, features: Tensor, level: int) -> Tensor:
        """Tokens (B, m, C) of the map (B, C, h, w), m = ⌈h / 2^level⌉ · ⌈w / 2^level⌉."""
        compressed = self.compressors[level](pad_to_multiple(features, 2**level))
        return compressed.flatten(2).transpose(1, 2)

    @stage(TCA)
    def forward(self, current: Tensor, past: Sequence[Tensor], height: int, width: int) -> Tensor:
        """Enrich the current tokens.

        Args:
            current: (B, n, C), n = height · width.
            past: compressed tokens of the frames 1, 2, … steps ago, each (B, m, C).

        Returns:
            (B, n, C).
        """
        others = torch.cat((current[:, :0], *past), dim=1)  # (B, m, C)
        here, there = self._tables.get(
            (len(past), height, width, current.device, current.dtype),
            lambda: self._rotations(len(past), height, width, like=current),
        )
        return self.norm(self.blocks.attend(current, here, others, there))

    def aged(self, window: tuple[ContextFrame, ...]) -> tuple[ContextFrame, ...]:
        """The window one step later: tokens are computed anew only where the stride changes."""
        aged = []
        for distance, frame in enumerate(window, start=1):
            level = self.level(distance)
            aged.append(frame if frame.level == level else self._frame(frame.features, level))
        return tuple(aged)

    def remember(
        self, window: tuple[ContextFrame, ...], features: Tensor, capacity: int
    ) -> tuple[ContextFrame, ...]:
        """The window with a frame's features (B, C, h, w) as the newest of at most `capacity`."""
        if capacity == 0:
            return ()
        return (self._frame(features, self.level(1)), *window)[:capacity]

    def _frame(self, features: Tensor, level: int) -> ContextFrame:
        return ContextFrame(features, level, self.compress(features, level))

    def _rotations(
        self, count: int, height: int, width: int, like: Tensor
    ) -> tuple[Rotation, Rotation]:
        """Of the current tokens, and of those of the frames 1, 2, … `count` steps ago."""
        here = self._rotation(0, 1, height, width, like)
        there = [
            self._rotation(-distance, 2 ** self.level(distance), height, width, like)
            for distance in range(1, count + 1)
        ]
        return here, Rotation.cat([Rotation(here.cos[:0], here.sin[:0]), *there])

    def _rotation(self, time: int, stride: int, height: int, width: int, like: Tensor) -> Rotation:
        rows, columns = -(-height // stride), -(-width // stride)
        positions = grid_positions([time], rows, columns, stride=stride, device=like.device)
        return rotation(positions, *self.rope).to(like)


def pad_to_multiple(features: Tensor, stride: int) -> Tensor:
    """Repeat the last row and column of (B, C, …, h, w) until h and w divide by `stride`."""
    bottom, right = -features.shape[-2] % stride, -features.shape[-1] % stride
    if not (bottom or right):
        return features
    flat = features.flatten(0, -4) if features.dim() > 4 else features
    padded = F.pad(flat, (0, right, 0, bottom), mode="replicate")
    return padded.unflatten(0, features.shape[:-3]) if features.dim() > 4 else padded
