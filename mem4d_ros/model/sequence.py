"""TCA and TDM of whole sequences: batched over frames that see equally many past frames."""

from __future__ import annotations

import torch
from torch import Tensor

from mem4d_ros.model.dynamics_memory import TransientDynamicsMemory
from mem4d_ros.model.temporal_context import TemporalContextAggregator


def enriched_sequence(
    temporal_context: TemporalContextAggregator, features: Tensor, window: int
) -> Tensor:
    """Enriched tokens (B, T, n, C) of all frames' features (B, T, C, h, w)."""
    batch, length, _, height, width = features.shape
    enriched = []
    for start, stop in _spans(length, window):
        current = features[:, start:stop].flatten(0, 1).flatten(2).transpose(1, 2)
        past = [
            temporal_context.compress(
                features[:, start - distance : stop - distance].flatten(0, 1),
                temporal_context.level(distance),
            )
            for distance in range(1, min(start, window) + 1)
        ]
        tokens = temporal_context(current, past, height, width)  # (B * t, n, C)
        enriched.append(tokens.unflatten(0, (batch, stop - start)))
    return torch.cat(enriched, dim=1)


def motion_sequence(
    dynamics_memory: TransientDynamicsMemory, enriched: Tensor, grid: tuple[int, int], size: int
) -> list[Tensor]:
    """Motion tokens (B, m, C) of each frame, for enriched tokens (B, T, n, C) of all."""
    batch, length = enriched.shape[:2]
    motion: list[Tensor] = []
    for start, stop in _spans(length, size):
        past = [
            dynamics_memory.pyramid(
                enriched[:, start - distance : stop - distance].flatten(0, 1), *grid
            )
            for distance in range(1, min(start, size) + 1)
        ]
        tokens = dynamics_memory(enriched[:, start:stop].flatten(0, 1), past, *grid)
        motion += tokens.unflatten(0, (batch, stop - start)).unbind(dim=1)
    return motion


def _spans(length: int, memory: int) -> list[tuple[int, int]]:
    """Ranges of frames that see equally many past frames: 0, 1, …, and all that see `memory`."""
    growing = [(t, t + 1) for t in range(min(memory, length))]
    return growing + ([(memory, length)] if length > memory else [])
