"""Names of frames as messages give them."""

from __future__ import annotations


def tf_frame(named: str) -> str:
    """The name by which TF knows a frame: some publishers write a slash before it, or spaces."""
    return named.strip().lstrip("/")
