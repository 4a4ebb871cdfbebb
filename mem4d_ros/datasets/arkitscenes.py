"""ARKitScenes: rooms seen by an iPad with a laser scanner.

<video>/lowres_wide/<video>_<time>.png               colour, 256x192, time in s
        lowres_depth/<video>_<time>.png              16 bit, millimetres, 0 unknown
        lowres_wide_intrinsics/<video>_<time>.pincam  width height fx fy cx cy
        lowres_wide.traj                             time in s, axis-angle in rad, translation in m

The trajectory is world to camera, OpenCV's axes, at fewer times than there are images: those
without a pose or depth are left out. In the 3dod download the folder is <video>/<video>_frames.
Documented in DATA.md and raw/README.md of https://github.com/apple/ARKitScenes.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from mem4d_ros.datasets.association import associate
from mem4d_ros.datasets.files import (
    list_files,
    pinhole,
    read_depth_image,
    read_image,
    read_matrix,
    read_table,
    rigid,
    same_size,
)
from mem4d_ros.datasets.indexed import IndexedRecording
from mem4d_ros.datasets.sample import FrameError, Sample
from mem4d_ros.geometry import rigid_inverse

UNITS_PER_METRE = 1000
POSE_TOLERANCE_S = 0.005
NAME_TOLERANCE_S = 0.0015  # times in names are rounded to 0.001 s, each on its own


class ArkitScenes(IndexedRecording):
    """One video's images that have depth and a pose."""

    def __init__(self, folder: Path, name: str) -> None:
        """Raises FrameError for what is missing and where no image has depth and a pose."""
        super().__init__(name)
        self._images = list_files(folder / "lowres_wide", ".png")
        self._stamps = _stamps(self._images)
        self._depths, self._depth_of = self._beside(folder / "lowres_depth", ".png")
        self._cameras, self._camera_of = self._beside(folder / "lowres_wide_intrinsics", ".pincam")
        self._pose_file = folder / "lowres_wide.traj"
        self._trajectory = read_table(self._pose_file, 7)
        self._pose_of = associate(self._stamps, self._trajectory[:, 0], POSE_TOLERANCE_S)
        self._frames = sorted(self._pose_of.keys() & self._depth_of.keys())
        if not self._frames:
            raise FrameError(f"{self._pose_file} has no pose of an image with depth")
        for frame in self._frames:
            if frame not in self._camera_of:
                raise FrameError(
                    f"{folder / 'lowres_wide_intrinsics'} has no .pincam file of the time of"
                    f" {self._images[frame].name}"
                )

    def __len__(self) -> int:
        return len(self._frames)

    def _read(self, index: int) -> Sample:
        frame = self._frames[index]
        image = read_image(self._images[frame])
        depth_file = self._depths[self._depth_of[frame]]
        depth = read_depth_image(depth_file, UNITS_PER_METRE)
        return Sample(
            name=f"{self.name}/{self._images[frame].stem}",
            image=image,
            depth=same_size(depth, depth_file, image),
            camera_to_world=self._pose(frame),
            intrinsics=_read_intrinsics(self._cameras[self._camera_of[frame]], image),
            stamp_s=float(self._stamps[frame]),
        )

    def _beside(self, folder: Path, suffix: str) -> tuple[list[Path], dict[int, int]]:
        """The folder's files, and which is of which image."""
        files = list_files(folder, suffix)
        return files, associate(self._stamps, _stamps(files), NAME_TOLERANCE_S)

    def _pose(self, frame: int) -> np.ndarray:
        """Camera to world (4, 4)."""
        row = self._trajectory[self._pose_of[frame]]
        rotation = cv2.Rodrigues(row[1:4])[0]
        return rigid_inverse(rigid(np.column_stack([rotation, row[4:7]]), self._pose_file))


def _stamps(files: list[Path]) -> np.ndarray:
    """Seconds (n,) that end the files' names. Raises FrameError where one has none."""
    stamps = []
    for path in files:
        try:
            stamps.append(float(path.stem.rpartition("_")[2]))
        except ValueError as error:
            raise FrameError(f"{path} has no time in its name") from error
    return np.array(stamps)


def _read_intrinsics(path: Path, image: np.ndarray) -> np.ndarray:
    width, height, fx, fy, cx, cy = read_matrix(path, (1, 6))[0]
    if (height, width) != image.shape[:2]:
        raise FrameError(
            f"{path} is of a {width:.0f}x{height:.0f} image, its own is"
            f" {image.shape[1]}x{image.shape[0]}"
        )
    return pinhole(fx, fy, cx, cy)
