"""Records of frames in a folder: written one by one, read one by one, however many they are.

trajectory.txt          poses in the TUM format, camera-to-world
frames.csv              name, stamp, intrinsics and size of each frame; was its pose measured?
images/000000.png       colour, at the network's size
depth/000000.png        depth along z in mm, 16 bit, 0 where there is none or more than 65.535 m
depth/000000.npy        the same in m, float32, NaN where there is none
confidence/000000.npy   float32, 0 where the cloud leaves the pixel out
clouds/000000.ply       the frame's points in the world, row by row
moving/000000.png       255 where something moves of its own, from :meth:`RecordFolder.add_moving`
"""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterator
from itertools import islice
from pathlib import Path

import cv2
import numpy as np

from mem4d_ros.runtime.export import tum
from mem4d_ros.runtime.export.ply import read_ply, write_ply
from mem4d_ros.runtime.export.record import FrameRecord
from mem4d_ros.writing import whole_file, write_image, write_picture

TRAJECTORY, FRAMES = "trajectory.txt", "frames.csv"
COLUMNS = ("name", "stamp_s", "fx", "fy", "cx", "cy", "width", "height", "pose_measured")
IMAGE, DEPTH_MM, DEPTH = "images/{:06d}.png", "depth/{:06d}.png", "depth/{:06d}.npy"
CONFIDENCE, CLOUD, MOVING = "confidence/{:06d}.npy", "clouds/{:06d}.ply", "moving/{:06d}.png"
FILES = (IMAGE, DEPTH_MM, DEPTH, CONFIDENCE, CLOUD, MOVING)
LARGEST_DEPTH_MM = np.iinfo(np.uint16).max


class RecordFolder:
    """A sequence of records. A frame counts once its rows are written, after all its files.

    Nothing of a record stays in memory.
    """

    def __init__(self, folder: Path) -> None:
        """Makes the folder, or takes the whole records that are in it. Raises OSError."""
        self._folder = folder
        for name in FILES:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
        self.truncate(min(_count(folder / TRAJECTORY), _count(folder / FRAMES)))

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[FrameRecord]:
        return self.select(range(len(self)))

    def select(self, indices: Collection[int]) -> Iterator[FrameRecord]:
        """The records with these indices, in order of time.

        Raises OSError or ValueError for a broken file, named.
        """
        rows = zip(_rows(self._folder / TRAJECTORY), _rows(self._folder / FRAMES), strict=True)
        for index, (pose_row, frame_row) in enumerate(rows):
            if index in indices:
                yield self._read(index, pose_row, frame_row)

    def trajectory(self, at_most: int) -> tuple[list[int], np.ndarray]:
        """Stamps in ns and poses (T, 4, 4) of all records, or evenly thinned to `at_most` or so."""
        step = -(-len(self) // at_most) or 1
        rows = islice(_rows(self._folder / TRAJECTORY), 0, None, step)
        found = [tum.from_tum_row(row) for row in rows]
        return [stamp for stamp, _ in found], np.array([pose for _, pose in found])

    def append(self, record: FrameRecord) -> None:
        """Write one record more. Raises OSError."""
        index = self._length
        write_picture(self._file(IMAGE, index), record.image)
        write_image(self._file(DEPTH_MM, index), to_millimetres(record.depth))
        np.save(self._file(DEPTH, index), record.depth)
        np.save(self._file(CONFIDENCE, index), record.confidence)
        write_ply(self._file(CLOUD, index), record.points())
        _append(self._folder / TRAJECTORY, tum.to_tum_row(record.stamp_ns, record.camera_to_world))
        _append(self._folder / FRAMES, _frame_row(record))
        self._length += 1

    def add_moving(self, index: int, moving: np.ndarray) -> None:
        """Write which pixels (H, W) bool of a record move of their own. Raises OSError."""
        write_image(self._file(MOVING, index), moving.astype(np.uint8) * 255)

    def moving(self, index: int) -> np.ndarray:
        """The pixels (H, W) bool of :meth:`add_moving`. Raises OSError."""
        return _read_image(self._file(MOVING, index), cv2.IMREAD_GRAYSCALE) > 0

    def truncate(self, count: int) -> None:
        """Keep the first `count` records; what follows them is deleted."""
        self._length = count
        _keep_rows(self._folder / TRAJECTORY, tum.HEADER, count)
        _keep_rows(self._folder / FRAMES, ",".join(COLUMNS), count)
        while any(paths := [p for name in FILES if (p := self._file(name, count)).exists()]):
            for path in paths:
                path.unlink()
            count += 1

    def _read(self, index: int, pose_row: str, frame_row: str) -> FrameRecord:
        stamp_ns, camera_to_world = tum.from_tum_row(pose_row)
        ((name, _, *numbers, _, _, measured),) = csv.reader([frame_row])
        fx, fy, cx, cy = map(float, numbers)
        confidence = np.load(self._file(CONFIDENCE, index))
        points_world = np.full((*confidence.shape, 3), np.nan, np.float32)
        points_world[confidence > 0] = read_ply(self._file(CLOUD, index)).positions
        image = _read_image(self._file(IMAGE, index), cv2.IMREAD_COLOR)
        return FrameRecord(
            name=name,
            stamp_ns=stamp_ns,
            image=cv2.cvtColor(image, cv2.COLOR_BGR2RGB),
            depth=np.load(self._file(DEPTH, index)),
            points_world=points_world,
            confidence=confidence,
            camera_to_world=camera_to_world,
            pose_measured=measured == "1",
            intrinsics=np.array([[fx, 0.0, cx], [0.0, fy, cy], [0.0, 0.0, 1.0]]),
        )

    def _file(self, name: str, index: int) -> Path:
        return self._folder / name.format(index)


def to_millimetres(depth: np.ndarray) -> np.ndarray:
    """Depth (H, W) in metres as uint16 millimetres, 0 where there is none or more than 65.535 m."""
    millimetres = np.rint(depth * 1000.0)
    valid = np.isfinite(millimetres) & (millimetres > 0) & (millimetres <= LARGEST_DEPTH_MM)
    return np.where(valid, millimetres, 0).astype(np.uint16)


def _frame_row(record: FrameRecord) -> str:
    height, width = record.depth.shape
    (fx, _, cx), (_, fy, cy), _ = record.intrinsics.tolist()
    stamp = tum.seconds_text(record.stamp_ns)
    row = io.StringIO()
    csv.writer(row, lineterminator="").writerow(
        (record.name, stamp, fx, fy, cx, cy, width, height, int(record.pose_measured))
    )
    return row.getvalue()


def _read_image(path: Path, mode: int) -> np.ndarray:
    image = cv2.imread(str(path), mode)
    if image is None:
        raise OSError(f"{path} is not a readable image")
    return image


def _append(path: Path, row: str) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(row + "\n")


def _rows(path: Path) -> Iterator[str]:
    """Whole lines without the header; a last line without an end was cut off while written."""
    with path.open(encoding="utf-8") as file:
        next(file, None)
        for line in file:
            if line.endswith("\n"):
                yield line.rstrip("\n")


def _count(path: Path) -> int:
    return sum(1 for _ in _rows(path)) if path.exists() else 0


def _keep_rows(path: Path, header: str, count: int) -> None:
    """The header and the first `count` rows; an interruption leaves the old file."""
    with whole_file(path) as partial, partial.open("w", encoding="utf-8") as file:
        file.write(header + "\n")
        if count:
            file.writelines(row + "\n" for row in islice(_rows(path), count))
