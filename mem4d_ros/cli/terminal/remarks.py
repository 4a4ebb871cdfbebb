"""What a command's readers notice about a source, each thing once."""

from __future__ import annotations

from typing import TextIO

CLEAR_LINE = "\r\x1b[K"
"""Of a terminal, on which progress may stand."""


class Remarks:
    """Writes each remark as a line of its own, the first time it is made."""

    def __init__(self, command: str, stream: TextIO) -> None:
        self._start = (CLEAR_LINE if stream.isatty() else "") + f"mem4d {command}: "
        self._stream = stream
        self._made: set[str] = set()

    def __call__(self, remark: str) -> None:
        if remark not in self._made:
            self._made.add(remark)
            self._stream.write(f"{self._start}{remark}\n")
            self._stream.flush()
