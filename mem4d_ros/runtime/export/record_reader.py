"""Records of a folder, read one by one; nothing in it is changed.

trajectory.txt          poses in the TUM format, camera-to-world
frames.csv              name, stamp, intrinsics and size of each frame; was its pose measured?
images/000000.png       colour, at the network's size
depth/000000.png        depth along z in mm, 16 bit, 0 where there is none or more than 65.535 m
depth/000000.npy        the same in m, float32, NaN where there is none
confidence/000000.npy   float32, 0 where the cloud leaves the pixel out
clouds/000000.ply       the frame's points in the world, row by row
moving/000000.png       255 where something moves of its own
"""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterator
from itertools import islice
from pathlib import Path

import cv2
import numpy as np

from mem4d_ros.runtime.export import tum
from mem4d_ros.runtime.export.ply import read_ply
from mem4d_ros.runtime.export.record import FrameRecord

TRAJECTORY, FRAMES = "trajectory.txt", "frames.csv"
IMAGE, DEPTH_MM, DEPTH = "images/{:06d}.png", "depth/{:06d}.png", "depth/{:06d}.npy"
CONFIDENCE, CLOUD, MOVING = "confidence/{:06d}.npy", "clouds/{:06d}.ply", "moving/{:06d}.png"


class RecordReader:
    """A sequence of records. A frame counts once its rows are written, after all its files.

    Nothing of a record stays in memory.
    """

    def __init__(self, folder: Path) -> None:
        """Takes the whole records that are in the folder now. Raises OSError."""
        self._folder = folder
        self._length = min(count_rows(folder / TRAJECTORY), count_rows(folder / FRAMES))

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[FrameRecord]:
        return self.select(range(len(self)))

    def select(self, indices: Collection[int]) -> Iterator[FrameRecord]:
        """The records with these indices, in order of time.

        Raises OSError or ValueError for a broken file, named.
        """
        # One file may already have a row more, where frames are still being written.
        rows = zip(rows_of(self._folder / TRAJECTORY), rows_of(self._folder / FRAMES), strict=False)
        for index, (pose_row, frame_row) in enumerate(islice(rows, len(self))):
            if index in indices:
                yield self._read(index, pose_row, frame_row)

    def trajectory(self, at_most: int) -> tuple[list[int], np.ndarray]:
        """Stamps in ns and poses (T, 4, 4) of all records, or evenly thinned to `at_most` or so."""
        step = -(-len(self) // at_most) or 1
        rows = islice(rows_of(self._folder / TRAJECTORY), 0, len(self), step)
        found = [tum.from_tum_row(row) for row in rows]
        return [stamp for stamp, _ in found], np.array([pose for _, pose in found])

    def moving(self, index: int) -> np.ndarray:
        """The pixels (H, W) bool in which something moves of its own. Raises OSError."""
        return _read_image(self._file(MOVING, index), cv2.IMREAD_GRAYSCALE) > 0

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


def _read_image(path: Path, mode: int) -> np.ndarray:
    content = np.frombuffer(path.read_bytes(), np.uint8)
    image = cv2.imdecode(content, mode) if len(content) else None
    if image is None:
        raise OSError(f"{path} is not a readable image")
    return image


def rows_of(path: Path) -> Iterator[str]:
    """Whole lines without the header; a last line without an end was cut off while written."""
    with path.open(encoding="utf-8") as file:
        next(file, None)
        for line in file:
            if line.endswith("\n"):
                yield line.rstrip("\n")


def count_rows(path: Path) -> int:
    """How many of them there are; none where there is no file."""
    return sum(1 for _ in rows_of(path)) if path.exists() else 0
