"""Which frames the Persistent Structure Memory keeps, and how coarsely: the policy, as arithmetic.

The first frame stays for good and is never compressed. Of the others the newest are kept; with
age they move from tier to tier (:class:`~mem4d_ros.model.config.CompressionTier`). A tier that
merges k frames merges those whose numbers share ⌊(f - 1) / k⌋, once the youngest of them is old
enough: groups are bound to absolute frame numbers, so what has been computed for one stays valid.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mem4d_ros.model.config import CompressionTier

FIRST_FRAME = 0


@dataclass(frozen=True)
class FrameGroup:
    """Frames compressed together by one tier's kernel."""

    frames: tuple[int, ...]
    tier: int


def plan(
    stored: Iterable[int], now: int, capacity: int, tiers: Sequence[CompressionTier]
) -> tuple[FrameGroup, ...]:
    """The groups that the frame number `now` reads.

    A merged group leaves as a whole as soon as one of its frames must, so the memory holds at
    most `capacity` frames and never a token of a frame it no longer counts.

    Args:
        stored: frame numbers at hand, all below `now`.
        capacity: N_s ≥ 1, the first frame included.
    """
    later = sorted(frame for frame in set(stored) if frame != FIRST_FRAME)
    kept = set(later[len(later) - capacity + 1 :]) if capacity - 1 < len(later) else set(later)
    groups = {_group_of(frame, now, tiers) for frame in kept}
    whole = [group for group in groups if kept.issuperset(group.frames)]
    first = [FrameGroup((FIRST_FRAME,), 0)] if FIRST_FRAME in set(stored) else []
    return tuple(first + sorted(whole, key=lambda group: group.frames))


def _group_of(frame: int, now: int, tiers: Sequence[CompressionTier]) -> FrameGroup:
    """The coarsest group around `frame` whose youngest member is old enough."""
    for index in reversed(range(len(tiers))):
        span = tiers[index].kernel[0]
        start = (frame - 1) // span * span + 1
        if now - (start + span - 1) > tiers[index].older_than:
            return FrameGroup(tuple(range(start, start + span)), index)
    raise ValueError(f"frame {frame} is not older than the current frame {now}")
