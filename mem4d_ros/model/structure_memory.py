"""Persistent Structure Memory (PSM, eq. 5): features of global pointmaps, compressed with age."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from mem4d_ros.model.compression import FIRST_FRAME, FrameGroup, plan
from mem4d_ros.model.config import Mem4DConfig
from mem4d_ros.model.layers import NORM_EPS, BlockStack, KeyValue
from mem4d_ros.model.rope import MovingRotation, Rotation, Tables, grid_positions
from mem4d_ros.model.temporal_context import pad_to_multiple

Encode = Callable[[tuple[Tensor, ...], int, Tensor], KeyValue]
"""Maps (B, C, h, w) of a group's frames, its tier and its mean time () to its keys and values, in
every readout layer."""


@dataclass(frozen=True)
class StructureState:
    """State of the memory between two steps.

    Attributes:
        features: maps (B, C, h, w) of the frames that may still move to a coarser tier.
        groups: keys and values (layers, B, heads, m, d) of each group, the oldest first.
        written: frames ever written. They are numbered by this count, not by that of the stream:
            where not every frame is written, age is counted in those that are.
    """

    features: Mapping[int, Tensor] = field(default_factory=dict)
    groups: Mapping[FrameGroup, KeyValue] = field(default_factory=dict)
    written: int = 0

    @property
    def frames(self) -> tuple[int, ...]:
        """Numbers of the frames held, in order."""
        return tuple(frame for group in self.groups for frame in group.frames)

    @property
    def tokens(self) -> int:
        """Number of tokens that the readout attends to."""
        return sum(entry.key.shape[-2] for entry in self.groups.values())

    def key_value(self, multiple: int = 1) -> KeyValue | None:
        """All groups side by side, (layers, B, heads, tokens, d); None while empty.

        Args:
            multiple: of which the number of tokens is to be one, by some that are none.
        """
        if not self.groups:
            return None
        together = KeyValue.cat(tuple(self.groups.values()))
        return together if multiple == 1 else together.padded(multiple)

    def shrunk(self, capacity: int) -> StructureState:
        """At most `capacity` frames: whole groups leave, the oldest but the first frame's ahead."""
        groups = dict(self.groups)
        excess = len(self.frames) - capacity
        for group in self.groups:
            if excess > 0 and group.frames[0] != FIRST_FRAME:
                del groups[group]
                excess -= len(group.frames)
        held = {frame for group in groups for frame in group.frames}
        features = {frame: map_ for frame, map_ in self.features.items() if frame in held}
        return StructureState(features, groups, self.written)


class PersistentStructureMemory(nn.Module):
    """Writes final global pointmaps as features and compresses them by age."""

    def __init__(self, config: Mem4DConfig) -> None:
        super().__init__()
        self.rope = (config.rope_dims, config.rope_base)
        self._tables = Tables()
        self.tiers = config.structure_memory.tiers
        width, patch = config.width, config.patch_size
        self.patch_embedding = nn.Conv2d(4, width, patch, stride=patch)
        self.blocks = BlockStack(
            config.structure_memory.depth, width, config.heads, config.mlp_ratio
        )
        self.norm = nn.LayerNorm(width, eps=NORM_EPS)
        self.compressors = nn.ModuleList(
            nn.Conv3d(width, width, tier.kernel, stride=tier.kernel) for tier in self.tiers
        )

    def write(self, points_world: Tensor, confidence: Tensor) -> Tensor:
        """Encode a global pointmap.

        Args:
            points_world: (B, H, W, 3) in metres.
            confidence: (B, H, W), at least 1.

        Returns:
            features (B, C, h, w).
        """
        raw = torch.cat((points_world, confidence[..., None].log()), dim=-1)  # (B, H, W, 4)
        squashed = raw.sign() * raw.abs().log1p()
        squashed = squashed.permute(0, 3, 1, 2).to(self.patch_embedding.weight.dtype)
        patches = self.patch_embedding(squashed)  # (B, C, h, w)
        height, width = patches.shape[-2:]
        x = patches.flatten(2).transpose(1, 2)  # (B, n, C)
        rotate = self._rotation(1, height, width, 0, like=x)
        return self.norm(self.blocks(x, rotate)).transpose(1, 2).unflatten(2, (height, width))

    def compress(
        self, maps: Sequence[Tensor], tier: int, time: float | Tensor
    ) -> tuple[Tensor, Rotation]:
        """Tokens (B, m, C) of one group, and their rotations.

        Args:
            maps: (B, C, h, w) of its frames, as many as the tier's time kernel.
            time: mean of the frames' numbers.
        """
        stride = self.tiers[tier].kernel[1]
        stacked = pad_to_multiple(torch.stack(tuple(maps), dim=2), stride)  # (B, C, t, h, w)
        tokens = self.compressors[tier](stacked).flatten(2).transpose(1, 2)
        height, width = maps[0].shape[-2:]
        return tokens, self._rotation(stride, height, width, time, like=tokens)

    def _rotation(
        self, stride: int, height: int, width: int, time: float | Tensor, like: Tensor
    ) -> Rotation:
        """Rotations of tokens that each cover stride · stride patches, at their centres."""
        rows, columns = -(-height // stride), -(-width // stride)
        table = self._tables.get(
            (stride, rows, columns, like.device),
            lambda: MovingRotation(
                grid_positions([0], rows, columns, stride=stride, device=like.device), *self.rope
            ),
        )
        return table.at(time, like)

    def remember(
        self,
        state: StructureState,
        frame: int,
        features: Tensor,
        capacity: int,
        encode: Encode,
    ) -> StructureState:
        """The memory as the next frame will read it, after `frame` was written.

        Keys and values are computed for a group when it is born and kept until it ends.

        Args:
            features: map (B, C, h, w) from :meth:`write`.
            capacity: N_s.
        """
        planned = plan((*state.frames, frame), frame + 1, capacity, self.tiers)
        available = {**state.features, frame: features}
        return self._arranged(planned, available, state.groups, frame + 1, encode)

    def recall(
        self, features: Mapping[int, Tensor], capacity: int, encode: Encode
    ) -> StructureState:
        """State after :meth:`remember` of the maps (B, C, h, w) of all frames written."""
        written = len(features)
        planned = plan(features, written, capacity, self.tiers)
        return self._arranged(planned, features, {}, written, encode)

    def _arranged(
        self,
        planned: Iterable[FrameGroup],
        available: Mapping[int, Tensor],
        known: Mapping[FrameGroup, KeyValue],
        written: int,
        encode: Encode,
    ) -> StructureState:
        groups = {
            group: known.get(group) or _encoded(group, available, encode) for group in planned
        }
        lasting = {
            number: available[number]
            for group in groups
            if group.tier < len(self.tiers) - 1
            for number in group.frames
            if number != FIRST_FRAME
        }
        return StructureState(lasting, groups, written)


def _encoded(group: FrameGroup, available: Mapping[int, Tensor], encode: Encode) -> KeyValue:
    maps = tuple(available[frame] for frame in group.frames)
    time = sum(group.frames) / len(group.frames)
    on_device = torch.full((), time, dtype=torch.float64, device=maps[0].device)
    return encode(maps, group.tier, on_device)
