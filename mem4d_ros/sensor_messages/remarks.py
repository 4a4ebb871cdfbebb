"""What a reader notices about its source and its user should know, though reading goes on."""

from __future__ import annotations

from collections.abc import Callable

Say = Callable[[str], None]
"""Takes a remark. A reader makes the same one again at each image; whoever listens says it once."""


def silent(remark: str) -> None:
    """Say nothing."""
