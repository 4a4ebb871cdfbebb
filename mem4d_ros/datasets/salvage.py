"""What readers of damaged bags share."""

from __future__ import annotations

from dataclasses import dataclass
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Any

PIECE = 1 << 12
"""Bytes: of the piece that is damaged, all is lost."""


@dataclass(frozen=True)
class Connection:
    """A topic; named as in the package rosbags."""

    id: int
    topic: str
    msgtype: str
    msgcount: None = None  # nobody knows before all is read


def mapped(path: Path) -> mmap:
    """The file's bytes, which are read where they are looked at. Raises ValueError for none."""
    with path.open("rb") as file:
        return mmap(file.fileno(), 0, access=ACCESS_READ)


def decompressed(decompressor: Any, data: bytes) -> bytes:
    """As much as there is before the data ends, or is damaged; in bzip2 that is whole blocks."""
    parts: list[bytes] = []
    try:
        for start in range(0, len(data), PIECE):
            if decompressor.eof:
                break
            parts.append(decompressor.decompress(data[start : start + PIECE]))
    except Exception:  # each library raises another one, and none at its end
        return b"".join(parts)
    return b"".join(parts)
