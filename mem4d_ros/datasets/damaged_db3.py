"""What can still be read of a damaged .db3 bag (https://www.sqlite.org/fileformat2.html).

SQLite refuses a database that is shorter than its header says, and finds nothing behind the first
damaged page. Rows lie in pages of their own, which are looked through here one after the other, as
sqlite3's `.recover` does.
"""

from __future__ import annotations

import struct
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from mem4d_ros.datasets.salvage import Connection

MAGIC = b"SQLite format 3\0"
_LEAF, _INTERIOR = 0x0D, 0x05
"""Kinds of pages of a table; all others are of no interest."""
_LONGEST_PAYLOAD = 1 << 30
_INTEGER_BYTES = (0, 1, 2, 3, 4, 6, 8)
"""Of the serial types of whole numbers; 7 is a float, 8 and 9 stand for 0 and 1."""

Row = tuple[Any, ...]


class DamagedDb3:
    """The whole messages of a file, in their order in it; as far as a reader of rosbags is used."""

    def __init__(self, path: Path) -> None:
        """Raises ValueError where not even the topics can be read."""
        self._pages = _Pages(path)
        self.connections = [
            Connection(number, *row[1:3])
            for number, row in self._pages.rows_of("topics")
            if len(row) >= 3 and all(isinstance(text, str) for text in row[1:3])
        ]
        if not self.connections:
            raise ValueError("its table of topics is lost")
        self.topics = {connection.topic: connection for connection in self.connections}

    def close(self) -> None:
        """Let the file go."""
        self._pages.close()

    def messages(self, connections: Collection[Connection]) -> Iterator[tuple[Any, int, bytes]]:
        """Connection, time of recording in ns and data of each message of these topics."""
        by_id = {connection.id: connection for connection in connections}
        for _, row in self._pages.all_rows():
            is_message = len(row) == 4 and [type(value) for value in row[1:]] == [int, int, bytes]
            if is_message and row[1] in by_id:
                yield by_id[row[1]], row[2], row[3]


class _Pages:
    """The pages of a database, from 1 on; one that is cut off is empty."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")
        header = self._file.read(100)
        if not header.startswith(MAGIC) or len(header) < 100:
            self._file.close()
            raise ValueError("its first page is lost")
        (size,) = struct.unpack_from(">H", header, 16)
        self._size = 65536 if size == 1 else max(size, 512)
        self._usable = self._size - header[20]
        self._count = path.stat().st_size // self._size

    def close(self) -> None:
        self._file.close()

    def page(self, number: int) -> bytes:
        if not 1 <= number <= self._count:
            return b""
        self._file.seek((number - 1) * self._size)
        return self._file.read(self._size)

    def all_rows(self) -> Iterator[tuple[int, Row]]:
        """Number and values of every whole row of any table."""
        for number in range(2, self._count + 1):
            yield from self._rows_on(number)

    def rows_of(self, table: str) -> Iterator[tuple[int, Row]]:
        """Those of a table with a name, as far as its pages hang together."""
        roots = [row[3] for _, row in self._rows_on(1) if row[:2] == ("table", table)]
        seen: set[int] = set()
        while roots:
            number = roots.pop(0)
            if number in seen:
                continue
            seen.add(number)
            yield from self._rows_on(number)
            page = self.page(number)
            if page[:1] == bytes([_INTERIOR]):
                roots += [_integer(page[cell : cell + 4]) for cell in _cells(page, 0, 12)]
                roots.append(_integer(page[8:12]))

    def _rows_on(self, number: int) -> Iterator[tuple[int, Row]]:
        page = self.page(number)
        start = 100 if number == 1 else 0
        if page[start : start + 1] != bytes([_LEAF]):
            return
        for cell in _cells(page, start, 8):
            try:
                length, position = _varint(page, cell)
                row, position = _varint(page, position)
                payload = self._payload(page, position, length)
                yield row, _values(payload)
            except (IndexError, ValueError, struct.error):  # a row that is not whole
                continue

    def _payload(self, page: bytes, position: int, length: int) -> bytes:
        """Raises ValueError where a part of it is cut off."""
        if not 0 < length <= _LONGEST_PAYLOAD:
            raise ValueError(length)
        most, least = self._usable - 35, (self._usable - 12) * 32 // 255 - 23
        local = length
        if length > most:
            local = least + (length - least) % (self._usable - 4)
            local = local if local <= most else least
        parts, found = [page[position : position + local]], local
        following = _integer(page[position + local : position + local + 4])
        while found < length:
            page = self.page(following)
            if len(page) < self._usable:
                raise ValueError(following)
            parts.append(page[4 : 4 + min(self._usable - 4, length - found)])
            found += len(parts[-1])
            following = _integer(page[:4])
        return b"".join(parts)


def _cells(page: bytes, start: int, header: int) -> list[int]:
    """Where the cells of a page begin."""
    count = min(_integer(page[start + 3 : start + 5]), (len(page) - start - header) // 2)
    return list(struct.unpack_from(f">{max(count, 0)}H", page, start + header))


def _values(payload: bytes) -> Row:
    """Those of a record: None, int, str and bytes; floats are None, since bags have none."""
    end, position = _varint(payload, 0)
    values: list[Any] = []
    body = end
    while position < end:
        kind, position = _varint(payload, position)
        size = _size(kind)
        values.append(_value(kind, payload[body : body + size]))
        body += size
    if body != len(payload):
        raise ValueError("not a record")
    return tuple(values)


def _size(kind: int) -> int:
    """Bytes of a value of a serial type."""
    return (kind - 12) // 2 if kind > 11 else (*_INTEGER_BYTES, 8, 0, 0, 0, 0)[kind]


def _value(kind: int, data: bytes) -> int | str | bytes | None:
    if kind > 11:
        return data.decode("utf-8") if kind % 2 else data
    if kind in (8, 9):
        return kind - 8
    return int.from_bytes(data, "big", signed=True) if 0 < kind < 7 else None


def _varint(data: bytes, position: int) -> tuple[int, int]:
    """A number of 1 to 9 bytes, and where it ends."""
    value = 0
    for index in range(9):
        byte = data[position + index]
        if index == 8:
            return value << 8 | byte, position + 9
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, position + index + 1
    raise AssertionError("unreachable")


def _integer(data: bytes) -> int:
    return int.from_bytes(data, "big")
