"""The size of a JPEG or PNG image, read from its header without decoding it."""

import struct

_PNG_START = b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR"
_PNG_END = b"IEND\xaeB`\x82"
_JPEG_START = b"\xff\xd8\xff"
_JPEG_END = b"\xff\xd9"
_JPEG_SIZE_MARKERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # SOF0 to SOF15
_TAIL_BYTES = 64
"""Some cameras pad behind the end marker."""


def encoded_size(data: memoryview) -> tuple[int, int] | None:
    """(Width, height) of whole JPEG or PNG data; None for anything else or less."""
    tail = data[-_TAIL_BYTES:].tobytes()
    head = data[:24].tobytes()
    if head.startswith(_PNG_START) and _PNG_END in tail and len(head) == 24:
        width, height = struct.unpack_from(">II", head, 16)
        return width, height
    if head.startswith(_JPEG_START) and _JPEG_END in tail:
        return _jpeg_size(data)
    return None


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
        position += 2 + struct.unpack_from(">H", data, position + 2)[0]
    return None
