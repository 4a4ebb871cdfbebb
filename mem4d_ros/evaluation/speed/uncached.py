"""The state of a stream without its caches: what they save, and that they change nothing."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from mem4d_ros.model import Mem4D, MemorySizes, MemoryState
from mem4d_ros.model.mem4d import EncodedImages
from mem4d_ros.model.temporal_context import ContextFrame


def recomputed_state(
    model: Mem4D,
    images: Sequence[Tensor],
    pointmaps: Sequence[tuple[Tensor, Tensor]],
    memory: MemorySizes,
) -> MemoryState:
    """The state after some frames, from nothing but their images and global pointmaps.

    Args:
        images: of all frames, each (B, 3, H, W).
        pointmaps: points_world (B, H, W, 3) and confidence_world (B, H, W) of all frames.
    """
    now = len(images)
    reach = memory.tca_window + memory.tdm_size  # of the windows of the TDM's frames
    encoded = {t: model.encode(images[t]) for t in range(max(0, now - reach), now)}
    grid = encoded[now - 1].grid
    write = model.structure_memory.write
    return MemoryState(
        memory=memory,
        frame_index=now,
        grid=grid,
        window=_window(model, encoded, now, memory.tca_window),
        motion=tuple(
            model.dynamics_memory.pyramid(_enriched(model, encoded, t, memory.tca_window), *grid)
            for t in range(now - 1, max(-1, now - 1 - memory.tdm_size), -1)
        ),
        structure=model.structure_memory.recall(
            {t: write(*pointmap) for t, pointmap in enumerate(pointmaps)},
            memory.psm_size,
            model.encode_group,
        ),
    )


def _window(
    model: Mem4D, encoded: dict[int, EncodedImages], now: int, size: int
) -> tuple[ContextFrame, ...]:
    """Frames that the TCA reads at frame `now`, newest first."""
    tca, frames = model.temporal_context, []
    for distance in range(1, min(size, now) + 1):
        features, level = encoded[now - distance].features, tca.level(distance)
        frames.append(ContextFrame(features, level, tca.compress(features, level)))
    return tuple(frames)


def _enriched(model: Mem4D, encoded: dict[int, EncodedImages], t: int, size: int) -> Tensor:
    """The TCA's tokens (B, n, C) of frame t."""
    past = [frame.tokens for frame in _window(model, encoded, t, size)]
    return model.temporal_context(encoded[t].tokens, past, *encoded[t].grid)
