"""KITTI depth: drives with depth from accumulated laser scans.

val/<drive>/proj_depth/groundtruth/image_02/0000000005.png  16 bit, 256 per metre, 0 unknown
<date>/<drive>/image_02/data/0000000005.png                 colour, of the raw data
<date>/calib_cam_to_cam.txt                                 P_rect_02: 12 numbers of 3x4

<drive> is such as 2011_09_26_drive_0002_sync, <date> its first ten letters. The images may also
lie in the drive's folder beside proj_depth. The first and last images of a drive have no depth and
are left out. Documented in the development kits of the depth benchmark and of the raw data
(https://www.cvlibs.net/datasets/kitti/eval_depth_all.php, raw_data.php).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mem4d_ros.datasets.files import (
    existing,
    list_files,
    read_depth_image,
    read_image,
    read_lines,
    same_size,
)
from mem4d_ros.datasets.indexed import IndexedRecording
from mem4d_ros.datasets.sample import FrameError, Sample

GROUND_TRUTH = "proj_depth/groundtruth/image_02"
IMAGES = "image_02/data"
UNITS_PER_METRE = 256
DATE_LETTERS = 10


class KittiDepth(IndexedRecording):
    """One drive. Intrinsics are None where the calibration was not downloaded."""

    def __init__(self, folder: Path, name: str) -> None:
        """Raises FrameError for a drive without depth or images, or with fewer images."""
        super().__init__(name)
        self._depths = list_files(folder / GROUND_TRUTH, ".png")
        drive = _raw_drive(folder.resolve())
        self._images = [existing(drive / IMAGES / depth.name) for depth in self._depths]
        calibration = drive.parent / "calib_cam_to_cam.txt"
        self._intrinsics = _read_intrinsics(calibration) if calibration.exists() else None

    def __len__(self) -> int:
        return len(self._depths)

    def _read(self, index: int) -> Sample:
        image = read_image(self._images[index])
        depth = read_depth_image(self._depths[index], UNITS_PER_METRE)
        return Sample(
            name=f"{self.name}/{self._images[index].stem}",
            image=image,
            depth=same_size(depth, self._depths[index], image),
            intrinsics=self._intrinsics,
        )


def _raw_drive(folder: Path) -> Path:
    """The drive's folder of raw data. Raises FrameError where none has its images."""
    date = folder.name[:DATE_LETTERS]
    places = [folder, *(above / date / folder.name for above in folder.parents[:3])]
    for place in places:
        if (place / IMAGES).is_dir():
            return place
    raise FrameError(
        f"{folder} has depth but no images: put the raw data's {date}/{folder.name}/{IMAGES}"
        f" into {folder.parent.parent}"
    )


def _read_intrinsics(path: Path) -> np.ndarray:
    """K (3, 3) of the left colour camera after rectification."""
    for line in read_lines(path):
        key, _, numbers = line.partition(":")
        if key == "P_rect_02" and len(numbers.split()) == 12:
            return np.array(numbers.split(), np.float64).reshape(3, 4)[:, :3]
    raise FrameError(f"{path} has no line P_rect_02 of 12 numbers")
