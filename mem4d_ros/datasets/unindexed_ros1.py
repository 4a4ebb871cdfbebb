"""What can still be read of a bag of ROS 1 that is damaged, or whose recorder wrote no index.

Format: http://wiki.ros.org/Bags/Format/2.0. Records lie one behind the other, each with its lengths
before it. Where one is broken, the next one is looked for.
"""

from __future__ import annotations

import bz2
import re
import struct
from collections.abc import Collection, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from mem4d_ros.datasets.salvage import Connection, decompressed, mapped

MAGIC = b"#ROSBAG V2.0\n"
_MESSAGE, _CHUNK, _CONNECTION = 0x02, 0x05, 0x07
"""Of records; the others are the index."""
_LONGEST_HEADER = 4096
"""In bytes; they name a topic at most."""
_OPERATION = re.compile(rb"\x04\0\0\0op=[\x02\x05\x07]")
"""Within the headers of the records above."""
_CHUNK_OPERATION = re.compile(rb"\x04\0\0\0op=\x05")
"""Behind a chunk only others are looked for: it has messages of its own."""
_BEFORE_OPERATION = range(4, 64)
"""Bytes of a header that may come before it: the length, and fields with names that are before."""

Fields = dict[bytes, bytes]


class UnindexedRos1:
    """The whole messages of a file, in their order in it; as far as a reader of rosbags is used."""

    def __init__(self, path: Path) -> None:
        """Raises ValueError for a file that is no bag, or too short to hold a message."""
        self._file = mapped(path)
        if self._file[: len(MAGIC)] != MAGIC:
            self.close()
            raise ValueError("it does not begin as a bag of ROS 1")
        found = {}
        for fields, data in self._records():
            if fields.get(b"op") == bytes([_CONNECTION]):
                connection = _connection(fields, data)
                found[connection.id] = connection
        if not found:
            self.close()
            raise ValueError("no whole message is in it")
        self.connections = list(found.values())
        self.topics = {connection.topic: connection for connection in self.connections}

    def close(self) -> None:
        """Let the file go."""
        self._file.close()

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
        for fields, data, is_whole in _records_in(self._file, len(MAGIC)):
            if fields[b"op"] == bytes([_CHUNK]):
                content = _decompressed(data, fields.get(b"compression", b"none"))
                inner = _records_in(content, 0)
                yield from ((f, d) for f, d, inner_is_whole in inner if inner_is_whole)
            elif is_whole:
                yield fields, data


def _records_in(data: Any, position: int) -> Iterator[tuple[Fields, bytes, bool]]:
    """Fields and data of each record from a position on, and whether all of the data is there."""
    while position + 8 <= len(data):
        fields = _header_at(data, position)
        if fields is None:
            position = _next_record(data, position + 1, _OPERATION)
            continue
        start = position + 8 + _integer(data[position : position + 4])
        end = start + _integer(data[start - 4 : start])
        is_whole = end <= len(data)
        if not is_whole:  # or its length is broken, and it ends before the next one
            is_chunk = fields[b"op"] == bytes([_CHUNK])
            end = _next_record(data, start, _CHUNK_OPERATION if is_chunk else _OPERATION)
        yield fields, data[start:end], is_whole
        position = end


def _header_at(data: Any, position: int) -> Fields | None:
    """The fields of the record there; None where there is none."""
    length = _integer(data[position : position + 4])
    start = position + 4
    if not 0 < length <= _LONGEST_HEADER or start + length + 4 > len(data):
        return None
    try:
        fields = _fields(data[start : start + length])
    except ValueError:
        return None
    return fields if b"op" in fields else None


def _next_record(data: Any, position: int, operation: re.Pattern[bytes]) -> int:
    """Where the next record of this operation begins; the end where there is none."""
    for found in operation.finditer(data, position):
        for before in _BEFORE_OPERATION:
            start = found.start() - before
            if start >= position and _header_at(data, start) is not None:
                return start
    return len(data)


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
    if compression == b"bz2":
        return decompressed(bz2.BZ2Decompressor(), data)
    return decompressed(import_module("lz4.frame").LZ4FrameDecompressor(), data)


def _integer(data: bytes) -> int:
    return int.from_bytes(data, "little")
