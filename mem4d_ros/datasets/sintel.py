"""MPI Sintel: images, depth and cameras of a rendered film.

training/final/<sequence>/frame_0001.png         colour; `clean` in place of `final` without blur
training/depth/<sequence>/frame_0001.dpt         depth along z
training/camdata_left/<sequence>/frame_0001.cam  intrinsics and world-to-camera motion

A .dpt file is the float32 202021.25, width and height as int32, then float32 depths; a .cam file
is the same float32, then 9 and 12 float64: K (3x3) and [R t] (3x4). All little-endian. Depths are
the film's units, which are taken for metres. Documented in the data set's sintel_io.py
(http://sintel.is.tue.mpg.de/depth).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mem4d_ros.datasets.files import (
    existing,
    list_files,
    matching_files,
    read_image,
    rigid,
    same_size,
)
from mem4d_ros.datasets.indexed import IndexedRecording
from mem4d_ros.datasets.sample import FrameError, Sample
from mem4d_ros.geometry import rigid_inverse

TAG = np.float32(202021.25).tobytes()
PASSES = ("final", "clean")
FRAMES_PER_SECOND = 24


class Sintel(IndexedRecording):
    """One sequence, given by its folder of images."""

    def __init__(self, folder: Path, name: str) -> None:
        """Raises FrameError for a missing folder and for fewer depths or cameras than images."""
        super().__init__(name)
        self._images = list_files(folder, ".png")
        sequence = folder.resolve()
        training = sequence.parent.parent
        self._depths = matching_files(training / "depth" / sequence.name, ".dpt", self._images)
        cameras = training / "camdata_left" / sequence.name
        self._cameras = matching_files(cameras, ".cam", self._images)

    def __len__(self) -> int:
        return len(self._images)

    def _read(self, index: int) -> Sample:
        image = read_image(self._images[index])
        intrinsics, camera_to_world = read_camera(self._cameras[index])
        return Sample(
            name=f"{self.name}/{self._images[index].stem}",
            image=image,
            depth=same_size(read_dpt(self._depths[index]), self._depths[index], image),
            camera_to_world=camera_to_world,
            intrinsics=intrinsics,
            stamp_s=index / FRAMES_PER_SECOND,
        )


def find_sintel(root: Path) -> list[Path]:
    """The image folders below the data set's folder, `training`, or one of its passes.

    Of a data set that holds both passes it is the final one's.
    """
    if root.resolve().parent.name in PASSES:
        return [root]
    starts = [root / "training" / kind for kind in PASSES] + [root / kind for kind in PASSES]
    start = next((start for start in starts if start.is_dir()), root)
    return sorted(path for path in start.iterdir() if path.is_dir() and start.name in PASSES)


def read_dpt(path: Path) -> np.ndarray:
    """Depth (H, W) float32, NaN where it is not positive. Raises FrameError for another file."""
    data = existing(path).read_bytes()
    width, height = np.frombuffer(data, "<i4", 2, offset=4).tolist() if len(data) > 12 else (0, 0)
    if data[:4] != TAG or min(width, height) < 1 or len(data) != 12 + 4 * width * height:
        raise FrameError(f"{path} is not a whole depth file of Sintel")
    depth = np.frombuffer(data, "<f4", offset=12).reshape(height, width)
    return np.where(np.isfinite(depth) & (depth > 0), depth, np.nan).astype(np.float32)


def read_camera(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Intrinsics (3, 3) and camera-to-world pose (4, 4). Raises FrameError for another file."""
    data = existing(path).read_bytes()
    if data[:4] != TAG or len(data) != 4 + 8 * 21:
        raise FrameError(f"{path} is not a whole camera file of Sintel")
    numbers = np.frombuffer(data, "<f8", offset=4)
    return numbers[:9].reshape(3, 3).copy(), rigid_inverse(rigid(numbers[9:].reshape(3, 4), path))
