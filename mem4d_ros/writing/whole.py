"""Write a file whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A path beside `path`, with its suffix, to write to; it takes its place at the block's end.

    Where the block raises, nothing of it stays, and a file that was there before is untouched.
    """
    partial = path.with_name(f".{path.stem}.{os.getpid()}.partial{path.suffix}")
    partial.unlink(missing_ok=True)  # what a killed process left, or a link that leads elsewhere
    try:
        yield partial
        partial.replace(path)
    except OSError as error:  # at a full disk it names no file, else the partial one
        if error.filename not in (None, str(partial)):
            raise
        reason = error.strerror or str(error)
        raise OSError(error.errno, reason, str(path)) from error
    finally:
        partial.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a text file in UTF-8. Raises OSError."""
    with whole_file(path) as partial:
        partial.write_text(text, encoding="utf-8")
