"""Neural RGB-D (neural_rgbd_data): rendered rooms.

<scene>/images/img0.png    colour
        depth/depth0.png   16 bit, millimetres, 0 unknown
        poses.txt          4x4 camera to world, one below the other; NaN where unknown
        focal.txt          focal length in pixels; 554.2562584220408 where the file is missing

Camera axes are OpenGL's (y up, z backward). Documented in the README of
https://github.com/dazinovic/neural-rgbd-surface-reconstruction.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mem4d_ros.datasets.files import (
    check_count,
    list_files,
    matching_files,
    pinhole,
    read_depth_image,
    read_image,
    read_matrix,
    read_table,
    rigid,
    same_size,
)
from mem4d_ros.datasets.indexed import IndexedRecording
from mem4d_ros.datasets.sample import Sample

UNITS_PER_METRE = 1000
DEFAULT_FOCAL_LENGTH = 554.2562584220408
OPENGL_FROM_OPENCV = np.diag([1.0, -1.0, -1.0, 1.0])


class NeuralRgbd(IndexedRecording):
    """One scene."""

    def __init__(self, folder: Path, name: str) -> None:
        """Raises FrameError for what is missing and for unequal numbers of files and poses."""
        super().__init__(name)
        self._images = list_files(folder / "images", ".png", ".jpg")
        self._depths = matching_files(folder / "depth", ".png", self._images)
        self._pose_file = folder / "poses.txt"
        poses = read_table(self._pose_file, 4)
        check_count(self._pose_file, len(poses), 4 * len(self))
        self._poses = poses.reshape(-1, 4, 4)
        focal_file = folder / "focal.txt"
        self._focal_length = (
            read_matrix(focal_file, (1, 1)).item() if focal_file.exists() else DEFAULT_FOCAL_LENGTH
        )

    def __len__(self) -> int:
        return len(self._images)

    def _read(self, index: int) -> Sample:
        image = read_image(self._images[index])
        height, width = image.shape[:2]
        depth = read_depth_image(self._depths[index], UNITS_PER_METRE)
        return Sample(
            name=f"{self.name}/{self._images[index].stem}",
            image=image,
            depth=same_size(depth, self._depths[index], image),
            camera_to_world=self._pose(index),
            intrinsics=pinhole(self._focal_length, self._focal_length, width / 2, height / 2),
        )

    def _pose(self, index: int) -> np.ndarray | None:
        if np.isnan(self._poses[index]).any():
            return None
        return rigid(self._poses[index], self._pose_file) @ OPENGL_FROM_OPENCV
