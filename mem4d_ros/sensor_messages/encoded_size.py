"""The size of a JPEG, PNG, TIFF or WebP image, read from its header without decoding it.

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
_LONGEST_LEAD = 4096
_TIFF_ORDERS = {b"II*\0": "<", b"MM\0*": ">"}
_TIFF_WIDTH, _TIFF_HEIGHT = 256, 257
_TIFF_NUMBERS = {3: "H", 4: "I"}  # types of an entry's value
_MAX_SCANS = 100
"""Encoders make about ten. Each costs a pass over all pixels, and may be a few bytes short."""


def encoded_size(data: memoryview) -> tuple[int, int] | None:
    """(Width, height) of whole JPEG, PNG or WebP data, or of TIFF; None for all else or less."""
    head = data[:30].tobytes()
    if head.startswith(_PNG_START) and _png_is_whole(data):
        width, height = struct.unpack_from(">II", head, 16)
        return width, height
    if head.startswith(_JPEG_START):
        return _whole_jpeg_size(data)
    if head[:4] in _TIFF_ORDERS:
        return _tiff_size(data, _TIFF_ORDERS[head[:4]])
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP" and len(head) == 30:
        is_whole = struct.unpack_from("<I", head, 4)[0] + 8 <= len(data)
        return _webp_size(head) if is_whole else None
    return None


def from_start(data: memoryview) -> memoryview:
    """The data from where a JPEG image begins; some drivers send a header of their own first."""
    is_known = data[:4].tobytes().startswith((_JPEG_START, _PNG_START[:4], *_TIFF_ORDERS, b"RIFF"))
    start = -1 if is_known else data[:_LONGEST_LEAD].tobytes().find(_JPEG_START)
    return data[max(start, 0) :]


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


def _tiff_size(data: memoryview, order: str) -> tuple[int, int] | None:
    """Of the first image in the file: the decoder finds out whether it is whole."""
    (directory,) = struct.unpack_from(f"{order}I", data, 4) if len(data) >= 8 else (0,)
    if not 8 <= directory <= len(data) - 2:
        return None
    (count,) = struct.unpack_from(f"{order}H", data, directory)
    found: dict[int, int] = {}
    for start in range(directory + 2, min(directory + 2 + 12 * count, len(data) - 11), 12):
        tag, kind = struct.unpack_from(f"{order}HH", data, start)
        if tag in (_TIFF_WIDTH, _TIFF_HEIGHT) and kind in _TIFF_NUMBERS and tag not in found:
            (found[tag],) = struct.unpack_from(f"{order}{_TIFF_NUMBERS[kind]}", data, start + 8)
    return (found[_TIFF_WIDTH], found[_TIFF_HEIGHT]) if len(found) == 2 else None


def _webp_size(head: bytes) -> tuple[int, int] | None:
    """Of the file's first chunk, which is lossy, lossless, or a canvas."""
    if head[12:16] == b"VP8 ":
        width, height = struct.unpack_from("<HH", head, 26)
        return width & 0x3FFF, height & 0x3FFF
    if head[12:16] == b"VP8L":
        (packed,) = struct.unpack_from("<I", head, 21)
        return (packed & 0x3FFF) + 1, (packed >> 14 & 0x3FFF) + 1
    if head[12:16] == b"VP8X":
        width, height = (int.from_bytes(head[at : at + 3], "little") + 1 for at in (24, 27))
        return width, height
    return None
