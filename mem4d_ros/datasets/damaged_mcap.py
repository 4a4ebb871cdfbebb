"""What can still be read of an MCAP file that is damaged, or whose recorder was stopped.

Format: https://mcap.dev/spec. Records lie one behind the other, each with its length before it.
Where one is broken, the next one is looked for.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Collection, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from mem4d_ros.datasets.optional import zstd
from mem4d_ros.datasets.salvage import Connection, decompressed, mapped

MAGIC = b"\x89MCAP0\r\n"
_HEAD = struct.Struct("<BQ")
"""Kind and length of a record."""
_SCHEMA, _CHANNEL, _MESSAGE, _CHUNK, _LAST_KIND = 0x03, 0x04, 0x05, 0x06, 0x0F
_MESSAGE_START = struct.Struct("<HIQQ")
"""Channel, number, times of recording and of publishing in ns."""
_CHUNK_START = struct.Struct("<QQQII")
"""Times of its first and last message in ns, size, checksum, length of the compression's name."""
_COMPRESSIONS = (b"", b"zstd", b"lz4")
_MAYBE_HEAD = re.compile(rb"[\x05\x06].{5}\0\0\0", re.DOTALL)
"""Of a message or a chunk; none has a terabyte."""
_FAR_NS = 3600 * 10**9
"""Between the times of a message, or of the messages of a chunk."""

Record = tuple[int, bytes]


class DamagedMcap:
    """The whole messages of a file, in their order in it; as far as a reader of rosbags is used."""

    def __init__(self, path: Path) -> None:
        """Raises ValueError for a file that is no MCAP, or too short to name a topic."""
        self._file = mapped(path)
        if self._file[: len(MAGIC)] != MAGIC:
            self.close()
            raise ValueError("it does not begin as an MCAP file")
        schemas: dict[int, str] = {}
        channels: dict[int, tuple[str, int]] = {}
        for kind, content in self._records():
            if kind == _SCHEMA:
                schemas[_integer(content[:2])] = _text(content, 2)
            elif kind == _CHANNEL:
                channels[_integer(content[:2])] = _text(content, 4), _integer(content[2:4])
        self.connections = [
            Connection(number, topic, schemas[schema])
            for number, (topic, schema) in channels.items()
            if schema in schemas
        ]
        if not self.connections:
            self.close()
            raise ValueError("it names no topic")
        self.topics = {connection.topic: connection for connection in self.connections}

    def close(self) -> None:
        """Let the file go."""
        self._file.close()

    def messages(self, connections: Collection[Connection]) -> Iterator[tuple[Any, int, bytes]]:
        """Connection, time of recording in ns and data of each message of these topics."""
        by_id = {connection.id: connection for connection in connections}
        for kind, content in self._records():
            if kind == _MESSAGE and len(content) >= _MESSAGE_START.size:
                channel, _, recorded_ns, _ = _MESSAGE_START.unpack_from(content)
                if channel in by_id:
                    yield by_id[channel], recorded_ns, content[_MESSAGE_START.size :]

    def _records(self) -> Iterator[Record]:
        """All whole records; those of a chunk instead of the chunk, which itself may be cut off."""
        for kind, content, is_whole in _records_in(self._file, len(MAGIC)):
            if kind == _CHUNK:
                inner = _records_in(_content_of_chunk(content), 0)
                yield from ((k, c) for k, c, inner_is_whole in inner if inner_is_whole)
            elif is_whole:
                yield kind, content


def _records_in(data: Any, position: int) -> Iterator[tuple[int, bytes, bool]]:
    """Kind and content of each record from a position on, and whether all of it is there."""
    while position + _HEAD.size <= len(data):
        kind, length = _HEAD.unpack_from(data, position)
        start = position + _HEAD.size
        if 0 < kind <= _LAST_KIND and start + length <= len(data):
            yield kind, data[start : start + length], True
            position = start + length
        elif kind == _CHUNK and _begins(data, position):  # cut off, or its length is broken
            end = min(start + _length_of_chunk(data, start), len(data))
            yield kind, data[start:end], False
            position = end
        else:
            position = _next_record(data, position + 1)


def _next_record(data: Any, position: int) -> int:
    """Where the next message or chunk begins; the end where there is none."""
    # A search with a pattern steps over what it has found: heads may overlap one that is none.
    while (found := _MAYBE_HEAD.search(data, position)) is not None:
        _, length = _HEAD.unpack_from(data, found.start())
        if found.end() + length <= len(data) and _begins(data, found.start()):
            return found.start()
        position = found.start() + 1
    return len(data)


def _begins(data: Any, position: int) -> bool:
    """Whether what is there is the beginning of a message or a chunk, as far as that shows."""
    kind, length = _HEAD.unpack_from(data, position)
    start = position + _HEAD.size
    if kind == _MESSAGE and start + _MESSAGE_START.size <= len(data):
        _, _, recorded_ns, published_ns = _MESSAGE_START.unpack_from(data, start)
        is_near = recorded_ns > 0 and abs(recorded_ns - published_ns) < _FAR_NS
        return length >= _MESSAGE_START.size and is_near
    if kind == _CHUNK and start + _CHUNK_START.size <= len(data):
        first_ns, last_ns, _, _, name_length = _CHUNK_START.unpack_from(data, start)
        name = start + _CHUNK_START.size
        is_known = name_length <= 4 and data[name : name + name_length] in _COMPRESSIONS
        return is_known and first_ns > 0 and 0 <= last_ns - first_ns < _FAR_NS
    return False


def _length_of_chunk(data: Any, start: int) -> int:
    """Bytes of a chunk's content, by what it says itself of its records."""
    *_, name_length = _CHUNK_START.unpack_from(data, start)
    of_records = _CHUNK_START.size + name_length
    at = start + of_records
    return of_records + 8 + _integer(data[at : at + 8])


def _content_of_chunk(chunk: bytes) -> bytes:
    """As much as there is; nothing of an unknown compression."""
    if len(chunk) < _CHUNK_START.size:
        return b""
    name = _CHUNK_START.size
    *_, length = _CHUNK_START.unpack_from(chunk)
    compression, data = chunk[name : name + length], chunk[name + length + 8 :]
    if compression == b"zstd":
        return decompressed(zstd().ZstdDecompressor(), data)
    if compression == b"lz4":
        return decompressed(import_module("lz4.frame").LZ4FrameDecompressor(), data)
    return b"" if compression else data


def _text(content: bytes, position: int) -> str:
    """The text whose length stands before it."""
    start = position + 4
    return content[start : start + _integer(content[position:start])].decode("utf-8", "replace")


def _integer(data: bytes) -> int:
    return int.from_bytes(data, "little")
