"""An MCAP file whose recorder was stopped before it wrote the end (https://mcap.dev/spec)."""

from __future__ import annotations

import io
import struct
from importlib import import_module
from pathlib import Path

from mem4d_ros.datasets.optional import zstd

MAGIC = b"\x89MCAP0\r\n"
FOOTER = struct.pack("<BQQQI", 0x02, 20, 0, 0, 0) + MAGIC
"""It says that there is no index, so that all is read from the start."""
_RECORD = struct.Struct("<BQ")
_CHUNK, _LAST_OF_DATA = 0x06, 0x0F
"""Of records; behind the latter follow an index and the footer."""
_CHUNK_START = struct.Struct("<QQQII")
"""Times of its first and last record, size, checksum, length of the compression's name."""


def is_cut_off(path: Path) -> bool:
    """Whether this begins as an MCAP file and does not end as one."""
    with path.open("rb") as file:
        begins = file.read(len(MAGIC)) == MAGIC
        file.seek(0, io.SEEK_END)
        file.seek(max(len(MAGIC), file.tell() - len(MAGIC)))
        return begins and file.read() != MAGIC


class EndedMcap:
    """The file's whole records, and an end behind them; as far as the package rosbags asks.

    The whole records of a last, broken chunk follow the whole ones without a chunk.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.name, self.suffix, self.stem = path.name, path.suffix, path.stem

    def __str__(self) -> str:
        return str(self._path)

    def exists(self) -> bool:
        return self._path.exists()

    def is_dir(self) -> bool:
        return False

    def open(self, mode: str) -> io.BufferedReader:
        """The file to read, with its end."""
        return io.BufferedReader(_Ended(self._path))


class _Ended(io.RawIOBase):
    """The first bytes of a file, then others."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")
        self._cut = _end_of_records(self._file)
        self._file.seek(self._cut)
        self._rest = _records_of_chunk(self._file.read()) + FOOTER
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        end = self._cut + len(self._rest)
        origin = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: end}[whence]
        self._position = origin + offset
        return self._position

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        if self._position < self._cut:
            self._file.seek(self._position)
            data = self._file.read(min(len(buffer), self._cut - self._position))
        else:
            data = self._rest[self._position - self._cut :][: len(buffer)]
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)

    def close(self) -> None:
        self._file.close()
        super().close()


def _end_of_records(file: io.BufferedIOBase) -> int:
    """Where the last whole record of the data ends, in bytes from the start."""
    size = file.seek(0, io.SEEK_END)
    end = file.seek(len(MAGIC))
    return _end_of_whole(file, end, size)


def _end_of_whole(file: io.BufferedIOBase, end: int, size: int) -> int:
    while len(head := file.read(_RECORD.size)) == _RECORD.size:
        kind, length = _RECORD.unpack(head)
        if kind == _LAST_OF_DATA or end + _RECORD.size + length > size:
            break
        end = file.seek(end + _RECORD.size + length)
    return end


def _records_of_chunk(data: bytes) -> bytes:
    """The whole records of a chunk that is cut off; empty for anything else."""
    if len(data) < _RECORD.size + _CHUNK_START.size or data[0] != _CHUNK:
        return b""
    name = _RECORD.size + _CHUNK_START.size
    *_, name_length = _CHUNK_START.unpack_from(data, _RECORD.size)
    compression = data[name : name + name_length].decode("ascii", "replace")
    records = _decompressed(data[name + name_length + 8 :], compression)
    return records[: _end_of_whole(io.BytesIO(records), 0, len(records))]


def _decompressed(data: bytes, compression: str) -> bytes:
    """As much as there is; nothing of an unknown compression."""
    if compression == "zstd":
        return zstd().ZstdDecompressor().decompress(data)
    if compression == "lz4":
        return import_module("lz4.frame").LZ4FrameDecompressor().decompress(data)
    return b"" if compression else data
