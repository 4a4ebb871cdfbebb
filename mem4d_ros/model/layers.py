"""Pre-norm transformer block whose keys and values may be extended by those of a memory."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mem4d_ros.model.rope import Rotation

NORM_EPS = 1e-6
WEIGHTS_BYTES, MIN_QUERIES = 4 * 2**20, 96
"""On a CPU in bf16, queries are taken in parts whose attention weights have about this size.

Larger ones would leave the cache, and come from the system page by page at every step; fewer
queries at a time would slow the products down. Measured on an AMD EPYC of 2 cores.
"""


@dataclass(frozen=True)
class KeyValue:
    """Keys, already rotated, and values of N tokens: each (…, B, heads, N, head_dim).

    A leading dimension, where there is one, counts the layers of a stack of blocks.

    Attributes:
        known: (N,) bool, which of them are tokens at all; None: all are.
    """

    key: Tensor
    value: Tensor
    known: Tensor | None = None

    @staticmethod
    def cat(parts: Sequence[KeyValue]) -> KeyValue:
        """Keys and values of all tokens of `parts`, in order."""
        if len(parts) == 1:
            return parts[0]
        known = None
        if any(p.known is not None for p in parts):
            known = torch.cat([p._is_known() for p in parts])
        return KeyValue(
            torch.cat([p.key for p in parts], dim=-2),
            torch.cat([p.value for p in parts], dim=-2),
            known,
        )

    def layer(self, index: int) -> KeyValue:
        """Keys and values of one layer of a stack."""
        return KeyValue(self.key[index], self.value[index], self.known)

    def padded(self, multiple: int) -> KeyValue:
        """With zeros that are no tokens, so that N is a multiple of a number."""
        count = self.key.shape[-2]
        more = (0, 0, 0, -count % multiple)
        total = count + more[-1]
        known = torch.arange(total, device=self.key.device) < count
        return KeyValue(F.pad(self.key, more), F.pad(self.value, more), known)

    def _is_known(self) -> Tensor:
        if self.known is not None:
            return self.known
        return torch.ones(self.key.shape[-2], dtype=torch.bool, device=self.key.device)


def unrounded(layer: nn.Linear | nn.Conv2d, x: Tensor) -> Tensor:
    """layer(x) in the precision of its weights, whatever autocast says.

    For layers that write metres and radians: bf16 would show as steps, centimetres high, in depth.
    """
    with torch.autocast(x.device.type, enabled=False):
        return layer(x.to(layer.weight.dtype))


class Attention(nn.Module):
    """Multi-head attention with rotary positions; queries are the input's tokens."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width, width)
        self.key_value_projection = nn.Linear(width, 2 * width)
        self.output = nn.Linear(width, width)

    def _split(self, x: Tensor) -> Tensor:
        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)  # (B, heads, N, head_dim)

    def key_value(self, x: Tensor, rotation: Rotation) -> KeyValue:
        """Rotated keys and values of x (B, N, C)."""
        key, value = self.key_value_projection(x).chunk(2, dim=-1)  # 2 × (B, N, C)
        return KeyValue(rotation.apply(self._split(key)), self._split(value))

    def forward(self, x: Tensor, rotation: Rotation, memory: KeyValue | None = None) -> Tensor:
        """Attend from x (B, N, C) to x and, if given, to `memory`: (B, N, C)."""
        query = rotation.apply(self._split(self.query(x)))
        context = self.key_value(x, rotation)
        if memory is not None:
            context = KeyValue.cat((context, memory))
        y = attend(query, context)
        return self.output(y.transpose(1, 2).flatten(2))  # (B, N, C)


def attend(query: Tensor, context: KeyValue) -> Tensor:
    """softmax(q·kᵀ/√d)·v: query (B, heads, n, d), m keys and values (B, heads, m, d) to its shape.

    On a CPU in bf16 two plain products take less time than PyTorch's fused kernel. The softmax
    works in float32 inside and rounds once; left to itself, autocast would write float32 out and
    read it again, which takes as long as the products. Many queries are taken in parts.
    """
    key, value, known = context.key, context.value, context.known
    if query.device.type != "cpu" or query.dtype != torch.bfloat16:
        mask = None if known is None else known.expand(1, 1, query.shape[-2], -1)
        return F.scaled_dot_product_attention(query, key, value, mask)
    scaled = query * query.shape[-1] ** -0.5
    row_bytes = query[..., 0, 0].numel() * key.shape[-2] * key.element_size()
    rows = max(MIN_QUERIES, WEIGHTS_BYTES // row_bytes)
    parts = []
    for part in scaled.tensor_split(-(-query.shape[-2] // rows), dim=-2):
        weights = part @ key.transpose(-1, -2)  # (B, heads, part of n, m)
        if known is not None:
            weights = weights.masked_fill(~known, -math.inf)
        parts.append(weights.softmax(dim=-1, dtype=value.dtype) @ value)
    return torch.cat(parts, dim=-2) if len(parts) > 1 else parts[0]


class Block(nn.Module):
    """Pre-norm attention and MLP, each with a residual connection."""

    def __init__(self, width: int, heads: int, mlp_ratio: float) -> None:
        super().__init__()
        hidden = int(width * mlp_ratio)
        self.attention_norm = nn.LayerNorm(width, eps=NORM_EPS)
        self.attention = Attention(width, heads)
        self.mlp_norm = nn.LayerNorm(width, eps=NORM_EPS)
        self.mlp = nn.Sequential(nn.Linear(width, hidden), nn.GELU(), nn.Linear(hidden, width))

    def key_value(self, x: Tensor, rotation: Rotation) -> KeyValue:
        """Keys and values of tokens x (B, N, C) that serve as memory for this block's queries."""
        return self.attention.key_value(self.attention_norm(x), rotation)

    def forward(self, x: Tensor, rotation: Rotation, memory: KeyValue | None = None) -> Tensor:
        """Update x (B, N, C); `memory` is read and not updated."""
        x = x + self.attention(self.attention_norm(x), rotation, memory)
        return x + self.mlp(self.mlp_norm(x))


class BlockStack(nn.ModuleList):
    """Blocks one after the other."""

    def __init__(self, depth: int, width: int, heads: int, mlp_ratio: float) -> None:
        super().__init__(Block(width, heads, mlp_ratio) for _ in range(depth))

    def __iter__(self) -> Iterator[Block]:
        return cast(Iterator[Block], super().__iter__())

    def forward(self, x: Tensor, rotation: Rotation) -> Tensor:
        """Self-attention of x (B, N, C) through all blocks: (B, N, C)."""
        for block in self:
            x = block(x, rotation)
        return x

    def attend(self, current: Tensor, here: Rotation, others: Tensor, there: Rotation) -> Tensor:
        """Self-attention of current ‖ others; only the current tokens come back.

        The last block need not update the others: its queries are the current tokens alone.

        Args:
            current: (B, n, C), with rotations `here`.
            others: (B, m, C), with rotations `there`; m may be 0.

        Returns:
            (B, n, C).
        """
        n = current.shape[1]
        x = torch.cat((current, others), dim=1)  # (B, n + m, C)
        rotation = Rotation.cat((here, there))
        *earlier, last = self
        for block in earlier:
            x = block(x, rotation)
        return last(x[:, :n], here, last.key_value(x[:, n:], there))
