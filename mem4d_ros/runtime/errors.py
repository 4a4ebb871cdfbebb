"""Errors of one frame."""

from __future__ import annotations


class FrameRejected(Exception):  # noqa: N818
    """This frame cannot be used; the message says why and what to do. The next one may be fine."""


class NonFiniteOutput(FrameRejected):
    """The network's pose is NaN or Inf: the memory was reset and the frame has no result."""
