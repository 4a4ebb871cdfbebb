"""The size of a JPEG or PNG image, read from its header without decoding it.

A decoder must find the same header: what it might read otherwise is not taken.
"""

from __future__ import annotations

import struct

_PNG_START = b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR"
_PNG_CHUNK_OVERHEAD = 12  # length, type and checksum
_JPEG_START = b"\xff\xd8\xff"
_JPEG_END = b"\xff\xd9"
_JPEG_SIZE_MARKERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # SOF0 to SOF15
_JPEG_SEGMENT_MARKERS = {0xC4, 0xCC, 0xDB, 0xDD, *range(0xE0, 0xF0), 0xFE}
"""Segments that may come before: tables, applications' data, comments; all have a length."""
_JPEG_SCAN = b"\xff\xda"
_MAX_SCANS = 100
"""Encoders make about ten. Each costs a pass over all pixels, and may be a few bytes short."""
_TAIL_BYTES = 64
"""Some cameras pad behind the end marker."""


def encoded_size(data: memoryview) -> tuple[int, int] | None:
    """(Width, height) of whole JPEG or PNG data; None for anything else or less."""
    head = data[:24].tobytes()
    if head.startswith(_PNG_START) and _png_is_whole(data):
        width, height = struct.unpack_from(">II", head, 16)
        return width, height
    if head.startswith(_JPEG_START) and _JPEG_END in data[-_TAIL_BYTES:].tobytes():
        return _jpeg_size(data) if data.tobytes().count(_JPEG_SCAN) <= _MAX_SCANS else None
    return None


def _png_is_whole(data: memoryview) -> bool:
    """Walk the chunks to the last one; OpenCV allocates what a length claims, up to 2 GiB."""
    position = 8
    while position + _PNG_CHUNK_OVERHEAD <= len(data):
        length, kind = struct.unpack_from(">I4s", data, position)
        position += _PNG_CHUNK_OVERHEAD + length
        if kind == b"IEND":
            return position <= len(data)
    return False


def _jpeg_size(data: memoryview) -> tuple[int, int] | None:
    """Walk the segments up to the frame header."""
    position = 2
    while position + 9 <= len(data) and data[position] == 0xFF:
        marker = data[position + 1]
        if marker == 0xFF:  # fill byte
            position += 1
            continue
        if marker in _JPEG_SIZE_MARKERS:
            height, width = struct.unpack_from(">HH", data, position + 5)
            return width, height
        if marker not in _JPEG_SEGMENT_MARKERS:
            return None
        position += 2 + struct.unpack_from(">H", data, position + 2)[0]
    return None
