"""ScanNet, exported from its .sens files by SensReader.

<scene>/color/0.jpg, depth/0.png, pose/0.txt; intrinsic/intrinsic_depth.txt

Depth is 16 bit in millimetres, 0 unknown; poses are 4x4 camera to world in metres, -inf where
tracking was lost. Colour is larger than depth and shows the same view, so it is scaled down to the
depth image. Documented at https://github.com/ScanNet/ScanNet/tree/master/SensReader.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from mem4d_ros.datasets.files import (
    list_files,
    matching_files,
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
SAME_VIEW = 0.02  # largest relative difference of aspect ratio: 1296x968 and 640x480 are it


class ScanNet(IndexedRecording):
    """One scene; colour in the size of depth. The pose is None where tracking was lost."""

    def __init__(self, folder: Path, name: str) -> None:
        """Raises FrameError for what is missing and for unequal numbers of files."""
        super().__init__(name)
        self._images = list_files(folder / "color", ".jpg", ".png")
        self._depths = matching_files(folder / "depth", ".png", self._images)
        self._poses = matching_files(folder / "pose", ".txt", self._images)
        intrinsics = read_matrix(folder / "intrinsic" / "intrinsic_depth.txt", (4, 4))
        self._intrinsics = intrinsics[:3, :3]

    def __len__(self) -> int:
        return len(self._images)

    def _read(self, index: int) -> Sample:
        depth = read_depth_image(self._depths[index], UNITS_PER_METRE)
        image = _scaled_to(depth.shape, read_image(self._images[index]))
        return Sample(
            name=f"{self.name}/{self._images[index].stem}",
            image=image,
            depth=same_size(depth, self._depths[index], image),
            camera_to_world=_read_pose(self._poses[index]),
            intrinsics=self._intrinsics,
        )


def _scaled_to(shape: tuple[int, ...], image: np.ndarray) -> np.ndarray:
    """The image in the size (H, W), or as it is where that would distort it."""
    stretch = image.shape[0] * shape[1] / (image.shape[1] * shape[0])
    if abs(stretch - 1) > SAME_VIEW:
        return image
    return cv2.resize(image, shape[1::-1], interpolation=cv2.INTER_AREA)


def _read_pose(path: Path) -> np.ndarray | None:
    pose = read_table(path, 4)
    return rigid(pose, path) if np.isfinite(pose).all() else None
