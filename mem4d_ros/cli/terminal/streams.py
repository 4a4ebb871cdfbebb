"""Standard output and error that take any text, even where there are none (`mem4d … >&-`)."""

from __future__ import annotations

import io
import os
import sys
from typing import TextIO


def take_any_text() -> None:
    """Write to nowhere where a stream is closed, and what its encoding lacks as escapes."""
    sys.stdout = _taking_any_text(sys.stdout)
    sys.stderr = _taking_any_text(sys.stderr)


def _taking_any_text(stream: TextIO | None) -> TextIO:
    if stream is None:
        return open(os.devnull, "w", encoding="utf-8")
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")
    return stream
