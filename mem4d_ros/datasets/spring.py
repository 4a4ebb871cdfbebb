"""Spring: a rendered film with stereo disparity in twice the resolution.

<split>/<number>/frame_left/frame_left_0001.png    colour, 1920x1080
                 disp1_left/disp1_left_0001.dsp5   HDF5, `disparity`, 3840x2160
                 cam_data/intrinsics.txt           fx fy cx cy in pixels, one line for each image
                 cam_data/extrinsics.txt           4x4 world to camera, one line for each image

Disparity counts pixels of the colour image; the cameras are 0.065 m apart, OpenCV's axes.
Documented at https://spring-benchmark.org and in https://github.com/cv-stuttgart/spring_utils.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mem4d_ros.datasets.files import (
    check_count,
    existing,
    list_files,
    matching_files,
    pinhole,
    read_image,
    read_table,
    rigid,
    same_size,
)
from mem4d_ros.datasets.indexed import IndexedRecording
from mem4d_ros.datasets.optional import optional_import
from mem4d_ros.datasets.sample import FrameError, Sample
from mem4d_ros.geometry import rigid_inverse

BASELINE_M = 0.065
OVERSAMPLING = 2  # disparity pixels a side for each pixel of colour


class Spring(IndexedRecording):
    """One sequence of a split whose truth is public."""

    def __init__(self, folder: Path, name: str) -> None:
        """Raises FrameError for what is missing, h5py included, and for unequal numbers."""
        super().__init__(name)
        optional_import("h5py", "Spring's disparity")
        self._images = list_files(folder / "frame_left", ".png")
        self._disparities = matching_files(folder / "disp1_left", ".dsp5", self._images)
        intrinsics = folder / "cam_data" / "intrinsics.txt"
        self._poses = folder / "cam_data" / "extrinsics.txt"
        self._intrinsics = read_table(intrinsics, 4)
        self._world_to_camera = read_table(self._poses, 16)
        check_count(intrinsics, len(self._intrinsics), len(self))
        check_count(self._poses, len(self._world_to_camera), len(self))

    def __len__(self) -> int:
        return len(self._images)

    def _read(self, index: int) -> Sample:
        image = read_image(self._images[index])
        fx, fy, cx, cy = self._intrinsics[index]
        disparity = read_disparity(self._disparities[index])[::OVERSAMPLING, ::OVERSAMPLING]
        depth = np.full(disparity.shape, np.nan, np.float32)
        seen = np.isfinite(disparity) & (disparity > 0)
        depth[seen] = fx * BASELINE_M / disparity[seen]
        pose = rigid(self._world_to_camera[index].reshape(4, 4), self._poses)
        return Sample(
            name=f"{self.name}/{self._images[index].stem}",
            image=image,
            depth=same_size(depth, self._disparities[index], image),
            camera_to_world=rigid_inverse(pose),
            intrinsics=pinhole(fx, fy, cx, cy),
        )


def read_disparity(path: Path) -> np.ndarray:
    """Disparity (H, W) in pixels of the colour image. Raises FrameError for another file."""
    h5py = optional_import("h5py", "Spring's disparity")
    try:
        with h5py.File(existing(path)) as file:
            disparity = np.asarray(file["disparity"])
    except (KeyError, OSError) as error:
        raise FrameError(f"{path} is not a readable disparity file: {error}") from error
    if disparity.ndim != 2:
        raise FrameError(f"{path} has a disparity of shape {disparity.shape}, not (H, W)")
    return disparity
