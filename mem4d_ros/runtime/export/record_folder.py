"""Records of frames in a folder: written one by one, however many they are.

`record_reader.py` says what is in it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping
from itertools import islice
from pathlib import Path

import numpy as np

from mem4d_ros.runtime.export import tum
from mem4d_ros.runtime.export.hanging import Hanging
from mem4d_ros.runtime.export.ply import write_ply
from mem4d_ros.runtime.export.record import FrameRecord
from mem4d_ros.runtime.export.record_reader import (
    CLOUD,
    CONFIDENCE,
    DEPTH,
    DEPTH_MM,
    FRAMES,
    IMAGE,
    MOVING,
    TRAJECTORY,
    RecordReader,
    rows_of,
)
from mem4d_ros.writing import in_a_line, whole_file, write_image, write_picture

COLUMNS = ("name", "stamp_s", "fx", "fy", "cx", "cy", "width", "height", "pose_measured")
GEOMETRY = (DEPTH_MM, DEPTH, CLOUD)
"""Files that say where something is."""
FILES = (*GEOMETRY, IMAGE, CONFIDENCE, MOVING)
LARGEST_DEPTH_MM = np.iinfo(np.uint16).max


class RecordFolder(RecordReader):
    """A sequence of records that grows."""

    def __init__(self, folder: Path) -> None:
        """Makes the folder, or takes the whole records that are in it. Raises OSError."""
        for name in FILES:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
        super().__init__(folder)
        self.truncate(len(self))

    def append(self, record: FrameRecord) -> None:
        """Write one record more. Raises OSError."""
        index = self._length
        write_picture(self._file(IMAGE, index), record.image)
        np.save(self._file(CONFIDENCE, index), record.confidence)
        _write_geometry(record, {name: self._file(name, index) for name in GEOMETRY})
        _append(self._folder / TRAJECTORY, tum.to_tum_row(record.stamp_ns, record.camera_to_world))
        _append(self._folder / FRAMES, _frame_row(record))
        self._length += 1

    def write_moved(self, hanging: Hanging, path: Callable[[str], Path]) -> None:
        """Write anew what of the records loops have changed; `path` says where a file goes.

        Raises OSError.
        """
        rows = list(islice(rows_of(self._folder / TRAJECTORY), len(self)))
        moved = np.flatnonzero(hanging.have_moved).tolist()
        for index, record in zip(moved, self.select(set(moved)), strict=True):
            there = record.moved(hanging.motions[index])
            _write_geometry(there, {name: path(name.format(index)) for name in GEOMETRY})
            rows[index] = tum.to_tum_row(there.stamp_ns, there.camera_to_world)
        path(TRAJECTORY).write_text("\n".join([tum.HEADER, *rows]) + "\n", encoding="utf-8")

    def add_moving(self, index: int, moving: np.ndarray) -> None:
        """Write which pixels (H, W) bool of a record move of their own. Raises OSError."""
        write_image(self._file(MOVING, index), moving.astype(np.uint8) * 255)

    def truncate(self, count: int) -> None:
        """Keep the first `count` records; what follows them is deleted."""
        self._length = count
        _keep_rows(self._folder / TRAJECTORY, tum.HEADER, count)
        _keep_rows(self._folder / FRAMES, ",".join(COLUMNS), count)
        while any(paths := [p for name in FILES if (p := self._file(name, count)).exists()]):
            for path in paths:
                path.unlink()
            count += 1


def to_millimetres(depth: np.ndarray) -> np.ndarray:
    """Depth (H, W) in metres as uint16 millimetres, 0 where there is none or more than 65.535 m."""
    millimetres = np.rint(depth * 1000.0)
    valid = np.isfinite(millimetres) & (millimetres > 0) & (millimetres <= LARGEST_DEPTH_MM)
    return np.where(valid, millimetres, 0).astype(np.uint16)


def _write_geometry(record: FrameRecord, paths: Mapping[str, Path]) -> None:
    write_image(paths[DEPTH_MM], to_millimetres(record.depth))
    np.save(paths[DEPTH], record.depth)
    write_ply(paths[CLOUD], record.points())


def _frame_row(record: FrameRecord) -> str:
    height, width = record.depth.shape
    (fx, _, cx), (_, fy, cy), _ = record.intrinsics.tolist()
    stamp = tum.seconds_text(record.stamp_ns)
    row = io.StringIO()
    csv.writer(row, lineterminator="").writerow(
        (in_a_line(record.name), stamp, fx, fy, cx, cy, width, height, int(record.pose_measured))
    )
    return row.getvalue()


def _append(path: Path, row: str) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(row + "\n")


def _keep_rows(path: Path, header: str, count: int) -> None:
    """The header and the first `count` rows; an interruption leaves the old file."""
    with whole_file(path) as partial, partial.open("w", encoding="utf-8") as file:
        file.write(header + "\n")
        if count:
            file.writelines(row + "\n" for row in islice(rows_of(path), count))
