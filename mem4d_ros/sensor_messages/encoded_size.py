"""The size of a JPEG or PNG image, read from its header without decoding it.

A decoder must find the same header: what it might read otherwise is not taken. What follows an
image's end is nobody's concern: cameras and hardware encoders pad their buffers.
"""

from __future__ import annotations

import re
import struct

_PNG_START = b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR"
_PNG_CHUNK_OVERHEAD = 12  # length, type and checksum
_JPEG_START = b"\xff\xd8\xff"
_JPEG_END = 0xD9
_JPEG_SIZE_MARKERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # SOF0 to SOF15
_JPEG_SEGMENT_MARKERS = {0xC4, 0xCC, 0xDB, 0xDD, *range(0xE0, 0xF0), 0xFE}
"""Segments that may come before: tables, applications' data, comments; all have a length."""
_JPEG_SCAN = 0xDA
_JPEG_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
"""Within a scan: neither a stuffed byte, nor a restart, nor a fill byte."""
_MAX_SCANS = 100
"""Encoders make about ten. Each costs a pass over all pixels, and may be a few bytes short."""


def encoded_size(data: memoryview) -> tuple[int, int] | None:
    """(Width, height) of whole JPEG or PNG data; None for anything else or less."""
    head = data[:24].tobytes()
    if head.startswith(_PNG_START) and _png_is_whole(data):
        width, height = struct.unpack_from(">II", head, 16)
        return width, height
    if head.startswith(_JPEG_START):
        return _whole_jpeg_size(data)
    return None


def is_cut_off(data: memoryview) -> bool:
    """Whether this begins as JPEG or PNG, of which decoders make half an image, and has no end."""
    head = data[:24].tobytes()
    return head.startswith((_PNG_START, _JPEG_START)) and encoded_size(data) is None


def _png_is_whole(data: memoryview) -> bool:
    """Walk the chunks to the last one; OpenCV allocates what a length claims, up to 2 GiB."""
    position = 8
    while position + _PNG_CHUNK_OVERHEAD <= len(data):
        length, kind = struct.unpack_from(">I4s", data, position)
        position += _PNG_CHUNK_OVERHEAD + length
        if kind == b"IEND":
            return position <= len(data)
    return False


def _whole_jpeg_size(data: memoryview) -> tuple[int, int] | None:
    """Walk the segments and scans to the end marker; None where it is not reached."""
    size = None
    scans = 0
    position = 2
    while position + 2 <= len(data) and data[position] == 0xFF:
        marker = data[position + 1]
        if marker == 0xFF:  # fill byte
            position += 1
            continue
        if marker == _JPEG_END:
            return size if scans else None
        if marker in _JPEG_SIZE_MARKERS:
            if size is not None or position + 9 > len(data):
                return None
            height, width = struct.unpack_from(">HH", data, position + 5)
            size = width, height
        elif marker == _JPEG_SCAN:
            scans += 1
        elif marker not in _JPEG_SEGMENT_MARKERS:
            return None
        if position + 4 > len(data) or scans > _MAX_SCANS:
            return None
        position += 2 + struct.unpack_from(">H", data, position + 2)[0]
        if marker == _JPEG_SCAN:
            found = _JPEG_MARKER.search(data, position)
            if found is None:
                return None
            position = found.start()
    return None
