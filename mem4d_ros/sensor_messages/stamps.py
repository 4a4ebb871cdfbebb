"""What a stamp says, and beside the one before it."""

from __future__ import annotations

from typing import Any

JUMP_NS = 500_000_000
"""Stamps that go back by less than this are frames out of order; by more, the clock was set."""


def behind(by_ns: int) -> str:
    """Of an image out of order, `by_ns` at least 0."""
    return (
        f"an image is {by_ns * 1e-9:.3f} s older than the one before it, or as old: images arrive"
        " twice or out of order"
    )


def stamp_to_ns(stamp: Any) -> int:
    """Nanoseconds since the clock's epoch, of builtin_interfaces/Time."""
    return int(stamp.sec) * 1_000_000_000 + int(stamp.nanosec)
