"""PointOdyssey: rendered scenes with people and animals.

<split>/<sequence>/rgbs/rgb_00000.jpg      colour
                   depths/depth_00000.png  16 bit, 65535 for 1000 m; the ends are unknown
                   anno.npz                intrinsics (n, 3, 3), extrinsics (n, 4, 4), and tracks

Extrinsics are world to camera, OpenCV's axes, metres. Documented in utils/reprojection.py of
https://github.com/y-zheng18/point_odyssey; as of version 1.1.
"""

from __future__ import annotations

from pathlib import Path

from mem4d_ros.datasets.files import (
    check_count,
    list_files,
    matching_files,
    read_arrays,
    read_depth_image,
    read_image,
    rigid,
    same_size,
)
from mem4d_ros.datasets.indexed import IndexedRecording
from mem4d_ros.datasets.sample import Sample
from mem4d_ros.geometry import rigid_inverse

LARGEST = 65535
UNITS_PER_METRE = LARGEST / 1000


class PointOdyssey(IndexedRecording):
    """One sequence."""

    def __init__(self, folder: Path, name: str) -> None:
        """Raises FrameError for what is missing and for unequal numbers of files and cameras."""
        super().__init__(name)
        self._images = list_files(folder / "rgbs", ".jpg", ".png")
        self._depths = matching_files(folder / "depths", ".png", self._images)
        self._cameras = folder / "anno.npz"
        arrays = read_arrays(self._cameras, {"intrinsics": (3, 3), "extrinsics": (4, 4)})
        for array in arrays.values():
            check_count(self._cameras, len(array), len(self))
        self._intrinsics, self._world_to_camera = arrays["intrinsics"], arrays["extrinsics"]

    def __len__(self) -> int:
        return len(self._images)

    def _read(self, index: int) -> Sample:
        image = read_image(self._images[index])
        depth = read_depth_image(self._depths[index], UNITS_PER_METRE, (0, LARGEST))
        return Sample(
            name=f"{self.name}/{self._images[index].stem}",
            image=image,
            depth=same_size(depth, self._depths[index], image),
            camera_to_world=rigid_inverse(rigid(self._world_to_camera[index], self._cameras)),
            intrinsics=self._intrinsics[index],
        )
