"""Stereo4D: stereo videos of the internet, rectified.

npz/<clip>.npz                                timestamps (n,) in µs, camera2world (n, 3, 4), tracks
processed/<clip>/<clip>-left_rectified.mp4    what the project's rectify.py made of the video

<clip> is <video>_<first time>. Poses have OpenCV's axes, in metres by the stereo baseline; the
rectified video sees 60 degrees. There are no depth images. Documented in the README of
https://github.com/Stereo4d/stereo4d-code.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mem4d_ros.datasets.files import check_count, existing, read_arrays, rigid
from mem4d_ros.datasets.indexed import IndexedRecording
from mem4d_ros.datasets.sample import FrameError, Sample
from mem4d_ros.datasets.video import VideoCursor
from mem4d_ros.geometry import fov_to_intrinsics

FIELD_OF_VIEW_DEG = 60
VIDEO_SUFFIX = "-left_rectified.mp4"


class Stereo4D(IndexedRecording):
    """One clip, given by its folder below `processed`. Reading in order is the fastest."""

    def __init__(self, folder: Path, name: str) -> None:
        """Raises FrameError for what is missing and for a video of another length."""
        super().__init__(name)
        clip = folder.resolve()
        self._file = clip.parent.parent / "npz" / f"{clip.name}.npz"
        arrays = read_arrays(self._file, {"timestamps": (), "camera2world": (3, 4)})
        self._stamps, self._poses = arrays["timestamps"] / 1e6, arrays["camera2world"]
        check_count(self._file, len(self._poses), len(self._stamps))
        self._video = VideoCursor(existing(folder / f"{clip.name}{VIDEO_SUFFIX}"))

    def __len__(self) -> int:
        return len(self._poses)

    def _read(self, index: int) -> Sample:
        image = self._video.read(index)
        if image is None:
            raise FrameError(
                f"{self._video.path} ends before frame {index} of the {len(self)} of {self._file}"
            )
        height, width = image.shape[:2]
        horizontal = np.deg2rad(FIELD_OF_VIEW_DEG)
        vertical = 2 * np.arctan(np.tan(horizontal / 2) * height / width)
        return Sample(
            name=f"{self.name}/{index:04d}",
            image=image,
            camera_to_world=rigid(self._poses[index], self._file),
            intrinsics=fov_to_intrinsics(np.array([horizontal, vertical]), height, width),
            stamp_s=float(self._stamps[index]),
        )
