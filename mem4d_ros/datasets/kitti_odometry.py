"""KITTI odometry: drives with poses and without depth.

sequences/<number>/image_2/000000.png  left colour, or image_0: left grey
                   calib.txt           a line for each camera: P0: and 12 numbers of 3x4
                   times.txt           seconds, one for each image
poses/<number>.txt                     12 numbers of 3x4 each: left grey camera to the first one

Copies that keep one camera's images as image_l, poses.txt beside them, and calib.txt without
labels are read, too. Documented in the development kit's readme.txt
(https://www.cvlibs.net/datasets/kitti/eval_odometry.php).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mem4d_ros.datasets.files import (
    check_count,
    list_files,
    read_image,
    read_lines,
    read_table,
    rigid,
)
from mem4d_ros.datasets.indexed import IndexedRecording
from mem4d_ros.datasets.sample import FrameError, Sample

CAMERAS = {"image_2": 2, "image_0": 0, "image_l": 0}
"""Folders of images, the best first, and the line of calib.txt that is theirs."""


class KittiOdometry(IndexedRecording):
    """One sequence of the left camera, in colour where there is colour."""

    def __init__(self, folder: Path, name: str) -> None:
        """Raises FrameError for what is missing and for unequal numbers of images and poses."""
        super().__init__(name)
        images = next((each for each in CAMERAS if (folder / each).is_dir()), None)
        if images is None:
            raise FrameError(f"{folder} has none of the image folders {', '.join(CAMERAS)}")
        self._images = list_files(folder / images, ".png")
        projection = _read_projection(folder / "calib.txt", CAMERAS[images])
        self._intrinsics = projection[:, :3]
        self._poses = self._read_poses(folder, projection)
        times = folder / "times.txt"
        self._stamps = read_table(times, 1)[:, 0] if times.exists() else None
        if self._stamps is not None:
            check_count(times, len(self._stamps), len(self))

    def __len__(self) -> int:
        return len(self._images)

    def _read(self, index: int) -> Sample:
        return Sample(
            name=f"{self.name}/{self._images[index].stem}",
            image=read_image(self._images[index]),
            camera_to_world=None if self._poses is None else self._poses[index],
            intrinsics=self._intrinsics,
            stamp_s=None if self._stamps is None else float(self._stamps[index]),
        )

    def _read_poses(self, folder: Path, projection: np.ndarray) -> np.ndarray | None:
        """Camera-to-world poses (n, 4, 4); None for the benchmark's test sequences."""
        sequence = folder.resolve()
        places = (folder / "poses.txt", sequence.parent.parent / "poses" / f"{sequence.name}.txt")
        path = next((place for place in places if place.exists()), None)
        if path is None:
            return None
        table = read_table(path, 12)
        check_count(path, len(table), len(self))
        to_grey = np.eye(4)
        # The camera lies K⁻¹ times the projection's last column off the left grey camera.
        to_grey[:3, 3] = -np.linalg.solve(projection[:, :3], projection[:, 3])
        return np.stack([rigid(row.reshape(3, 4), path) @ to_grey for row in table])


def _read_projection(path: Path, camera: int) -> np.ndarray:
    """P (3, 4) of one camera. Raises FrameError where it is missing."""
    lines = read_lines(path)
    rows = [line.rpartition(":")[2].split() for line in lines]
    try:
        projection = np.array(rows[camera], np.float64).reshape(3, 4)
        if np.linalg.matrix_rank(projection[:, :3]) < 3:
            raise ValueError("it cannot be inverted")
    except (IndexError, ValueError, np.linalg.LinAlgError) as error:
        raise FrameError(f"{path} has no projection P{camera} of 12 numbers: {error}") from error
    return projection
