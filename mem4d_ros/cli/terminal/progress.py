"""Progress of a run through the frames of a source: a bar on a terminal, lines in a log."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import TextIO, TypeVar

from mem4d_ros.cli.terminal.status_line import StatusLine, duration

BAR_WIDTH = 30
T = TypeVar("T")


class FrameProgress:
    """Shows how many frames of `total` are done, where the total is known, and when it will end.

    `label` says what is done to them. `done` frames were there before; speed is that of the others.
    """

    def __init__(
        self,
        label: str,
        total: int | None,
        done: int,
        stream: TextIO,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._label = label
        self._total = total
        self._done = self._first = done
        self._shown = StatusLine(stream, clock)
        self._clock = clock
        self._started = clock()

    def advance(self) -> None:
        """One frame more is done."""
        self._done += 1
        self._shown.show(self._line())

    def begin(self) -> None:
        """Show what is to be done, where the first frame may take a while."""
        self._shown.show(self._line())

    def over(self, items: Iterable[T]) -> Iterator[T]:
        """The items, counted as they come; the line is gone at the end."""
        try:
            for item in items:
                yield item
                self.advance()
        finally:
            self._shown.erase()

    def end(self) -> None:
        """Leave the line on the terminal; a log gets the last one."""
        if self._done == self._first:
            return
        if not self._shown.on_terminal:
            self._shown.show(self._line(), always=True)
        self._shown.keep()

    def _line(self) -> str:
        speed = (self._done - self._first) / max(self._clock() - self._started, 1e-9)
        if self._total is None:
            return f"{self._label}: {self._done} frames  {speed:.2f} frames/s"
        filled = BAR_WIDTH * self._done // max(self._total, 1)
        bar = "#" * filled + "." * (BAR_WIDTH - filled)
        line = f"{self._label}: [{bar}] {self._done}/{self._total} frames"
        if speed == 0:
            return line
        return f"{line}  {speed:.2f} frames/s  ETA {duration((self._total - self._done) / speed)}"
