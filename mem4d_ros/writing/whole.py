"""Write a file whole or not at all."""

from __future__ import annotations

import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """An empty file beside `path`, with its suffix, to write to; it takes its place at the end.

    Where the block raises, nothing of it stays, and a file that was there before is untouched.
    Each block has a file of its own, also among threads. Whoever writes it, it is as readable as
    any new file. Who fears for the power flushes it to the disk in the block.
    """
    partial = path.with_name(f".{path.stem}.{secrets.token_hex(4)}.partial{path.suffix}")
    try:
        partial.touch(exist_ok=False)
        mode = stat.S_IMODE(partial.stat().st_mode)
        yield partial
        partial.chmod(mode)  # safetensors puts a file in its place that others cannot read
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
