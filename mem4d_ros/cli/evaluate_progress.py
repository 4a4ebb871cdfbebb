"""How far an evaluation has come: one line written over, on a terminal only."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import TextIO, TypeVar

from mem4d_ros.cli.status_line import StatusLine, duration

T = TypeVar("T")


def counted(
    items: Iterable[T],
    name: str,
    total: int,
    stream: TextIO,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[T]:
    """The `total` items, counted on `stream` as they come; the line is gone at the end."""
    line = StatusLine(stream)
    if not line.on_terminal:
        yield from items
        return
    started = clock()
    try:
        for done, item in enumerate(items, start=1):
            yield item
            elapsed = clock() - started
            line.show(
                f"{name}: {done}/{total} frames, {done / max(elapsed, 1e-9):.1f} frames/s, "
                f"ETA {duration((total - done) * elapsed / done)}"
            )
    finally:
        line.erase()
