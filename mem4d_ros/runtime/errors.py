"""Errors of one frame, and the line by which an error is told."""

from __future__ import annotations


class FrameRejected(Exception):  # noqa: N818
    """This frame cannot be used; the message says why and what to do. The next one may be fine."""


class NonFiniteOutput(FrameRejected):
    """The network's pose is NaN or Inf: the memory was reset and the frame has no result."""


def first_line(error: Exception) -> str:
    """The first line of an error's message, or its kind where it has none."""
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
