"""Integer nanoseconds as message stamps."""

from __future__ import annotations

from builtin_interfaces.msg import Time


def ns_to_stamp(nanoseconds: int) -> Time:
    """The inverse of `stamp_to_ns`."""
    seconds, rest = divmod(nanoseconds, 1_000_000_000)
    return Time(sec=seconds, nanosec=rest)
