"""An MP4 as phones write it: frames of different length."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

TABLE = (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stts")
"""The box that says how long frames are, and those around it."""


def write_uneven_video(
    path: Path, images: Sequence[np.ndarray], lengths_s: Sequence[float]
) -> None:
    """BGR images (H, W, 3), each shown for so long: OpenCV's video with another table of times."""
    height, width = images[0].shape[:2]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"mp4v"), 30, (width, height))
    for image in images:
        writer.write(image)
    writer.release()
    data = bytearray(path.read_bytes())
    boxes = _find(data, TABLE)
    scale = _number(data, _find(data, (*TABLE[:3], b"mdhd"))[-1] + 20)
    rows = b"".join(struct.pack(">II", 1, round(length * scale)) for length in lengths_s)
    table = struct.pack(">I4sII", 16 + len(rows), b"stts", 0, len(lengths_s)) + rows
    growth = len(table) - _number(data, boxes[-1])
    data[boxes[-1] : boxes[-1] + _number(data, boxes[-1])] = table
    for box in boxes[:-1]:
        struct.pack_into(">I", data, box, _number(data, box) + growth)
    _set_duration(data, (*TABLE[:3], b"mdhd"), 24, round(sum(lengths_s) * scale))
    film_scale = _number(data, _find(data, (b"moov", b"mvhd"))[-1] + 20)
    for names, offset in (((b"moov", b"mvhd"), 24), ((*TABLE[:2], b"tkhd"), 28)):
        _set_duration(data, names, offset, round(sum(lengths_s) * film_scale))
    edits = (*TABLE[:2], b"edts", b"elst")
    _set_duration(data, edits, 16, round(sum(lengths_s) * film_scale))
    path.write_bytes(data)


def _number(data: bytearray, position: int) -> int:
    return struct.unpack_from(">I", data, position)[0]


def _set_duration(data: bytearray, names: Sequence[bytes], offset: int, duration: int) -> None:
    struct.pack_into(">I", data, _find(data, names)[-1] + offset, duration)


def _find(data: bytearray, names: Sequence[bytes]) -> list[int]:
    """Positions of boxes, each within the one before."""
    start, end, positions = 0, len(data), []
    for name in names:
        while data[start + 4 : start + 8] != name:
            start += _number(data, start)
            assert start < end, name
        positions.append(start)
        start, end = start + 8, start + _number(data, start)
    return positions
