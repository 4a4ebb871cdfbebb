"""A bag of ROS 1 whose recorder was stopped before it wrote the index, read from its start on.

Format: http://wiki.ros.org/Bags/Format/2.0
"""

from __future__ import annotations

import bz2
import io
import struct
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import IO, Any

MAGIC = b"#ROSBAG V2.0\n"
_MESSAGE, _CHUNK, _CONNECTION = 0x02, 0x05, 0x07
"""Of records; the others are the index."""
_LONGEST = 1 << 31
"""No record is longer, in bytes."""

Fields = dict[bytes, bytes]


@dataclass(frozen=True)
class Connection:
    """A topic; named as in the package rosbags."""

    id: int
    topic: str
    msgtype: str
    msgcount: None = None  # nobody knows before all is read


class UnindexedRos1:
    """The whole messages of a file, in their order in it; as far as a reader of rosbags is used."""

    def __init__(self, path: Path) -> None:
        """Raises ValueError for a file that is no bag, or too short to hold a message."""
        self._path = path
        with path.open("rb") as file:
            if file.read(len(MAGIC)) != MAGIC:
                raise ValueError("it does not begin as a bag of ROS 1")
        found = {}
        for fields, data in self._records():
            if fields.get(b"op") == bytes([_CONNECTION]):
                connection = _connection(fields, data)
                found[connection.id] = connection
        if not found:
            raise ValueError("no whole message is in it")
        self.connections = list(found.values())
        self.topics = {connection.topic: connection for connection in self.connections}

    def close(self) -> None:
        """Nothing is open between two calls."""

    def messages(self, connections: Collection[Connection]) -> Iterator[tuple[Any, int, bytes]]:
        """Connection, time of recording in ns and data of each message of these topics."""
        by_id = {connection.id: connection for connection in connections}
        for fields, data in self._records():
            if fields.get(b"op") != bytes([_MESSAGE]):
                continue
            connection = by_id.get(_integer(fields[b"conn"]))
            if connection is not None:
                seconds, nanoseconds = struct.unpack("<II", fields[b"time"])
                yield connection, 10**9 * seconds + nanoseconds, data

    def _records(self) -> Iterator[tuple[Fields, bytes]]:
        """All whole records; those of a chunk instead of the chunk, which itself may be cut off."""
        with self._path.open("rb") as file:
            file.seek(len(MAGIC))
            for fields, data, is_whole in _records_of(file):
                if fields.get(b"op") == bytes([_CHUNK]):
                    content = _decompressed(data, fields.get(b"compression", b"none"))
                    inner = _records_of(io.BytesIO(content))
                    yield from ((f, d) for f, d, inner_is_whole in inner if inner_is_whole)
                elif is_whole:
                    yield fields, data


def _records_of(file: IO[bytes]) -> Iterator[tuple[Fields, bytes, bool]]:
    """Fields and data of each record, and whether all of the data is there."""
    while True:
        header = _block(file)
        if header is None or not header[1]:
            return
        data = _block(file)
        if data is None:
            return
        try:
            yield _fields(header[0]), *data
        except ValueError:  # nothing behind a broken header can be found
            return


def _block(file: IO[bytes]) -> tuple[bytes, bool] | None:
    """As many bytes as a length says that stands before them, and whether all are there."""
    head = file.read(4)
    length = _integer(head)
    if len(head) < 4 or length > _LONGEST:
        return None
    content = file.read(length)
    return content, len(content) == length


def _fields(header: bytes) -> Fields:
    """Of a record's header. Raises ValueError for anything else."""
    fields: Fields = {}
    position = 0
    while position < len(header):
        end = position + 4 + _integer(header[position : position + 4])
        name, separator, value = header[position + 4 : end].partition(b"=")
        if not separator or end > len(header):
            raise ValueError("not the header of a record")
        fields[name] = value
        position = end
    return fields


def _connection(fields: Fields, data: bytes) -> Connection:
    package, _, name = _fields(data)[b"type"].decode().partition("/")
    return Connection(_integer(fields[b"conn"]), fields[b"topic"].decode(), f"{package}/msg/{name}")


def _decompressed(data: bytes, compression: bytes) -> bytes:
    """As much as there is; nothing of an unknown compression, nor of damaged data."""
    if compression == b"none":
        return data
    if compression not in (b"bz2", b"lz4"):
        return b""
    decompressor: Any = bz2.BZ2Decompressor()
    if compression == b"lz4":
        decompressor = import_module("lz4.frame").LZ4FrameDecompressor()
    try:
        return bytes(decompressor.decompress(data))
    except (OSError, RuntimeError):  # the former of bz2, the latter of lz4
        return b""


def _integer(data: bytes) -> int:
    return int.from_bytes(data, "little")
