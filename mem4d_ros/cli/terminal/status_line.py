"""One line that is written over on a terminal, and repeated now and then in a log."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TextIO

LOG_INTERVAL_S = 30.0

Clock = Callable[[], float]


class StatusLine:
    """Shows the newest of many texts on a stream, if there is one."""

    def __init__(self, stream: TextIO | None, clock: Clock = time.monotonic) -> None:
        self._stream = stream
        self._clock = clock
        self._logged = clock()
        self._width = 0
        self.on_terminal = stream is not None and stream.isatty()

    def show(self, text: str, always: bool = False) -> None:
        """Write over the last text; a log takes it if it is time, or `always`."""
        if self.on_terminal:
            self._write("\r" + text.ljust(self._width))
            self._width = len(text)
        elif always or self._clock() - self._logged >= LOG_INTERVAL_S:
            self._write(text + "\n")
            self._logged = self._clock()

    def say(self, text: str) -> None:
        """Write a line that stays."""
        self.keep()
        self._write(text + "\n")

    def keep(self) -> None:
        """Leave the text on the terminal, and go on below it."""
        if self._width:
            self._write("\n")
        self._width = 0

    def erase(self) -> None:
        """Leave the terminal as if nothing had been shown."""
        if self._width:
            self._write("\r" + " " * self._width + "\r")
        self._width = 0

    def _write(self, text: str) -> None:
        if self._stream is not None:
            self._stream.write(text)
            self._stream.flush()


def duration(seconds: float) -> str:
    """Such as '2 h 05 min', '5 min 09 s' or '9 s'."""
    minutes, s = divmod(round(seconds), 60)
    hours, m = divmod(minutes, 60)
    if hours:
        return f"{hours} h {m:02d} min"
    return f"{m} min {s:02d} s" if m else f"{s} s"
