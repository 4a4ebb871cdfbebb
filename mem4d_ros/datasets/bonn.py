"""Bonn RGB-D Dynamic: people and boxes that move before an RGB-D camera, in TUM's layout.

groundtruth.txt is not read: it has the poses of markers on the camera, in axes of their own, and
the published matrix to the camera's pose is no rigid motion but stretches by 6 %. Documented at
https://www.ipb.uni-bonn.de/data/rgbd-dynamic-dataset/.
"""

from __future__ import annotations

from pathlib import Path

from mem4d_ros.datasets.files import pinhole
from mem4d_ros.datasets.tum import RgbdRecording, list_frames

INTRINSICS = pinhole(542.822841, 542.576870, 315.593520, 237.756098)


def open_bonn(folder: Path, name: str) -> RgbdRecording:
    """All images of the sequence, so that frame numbers are those of the depth benchmark.

    Raises FrameError for a list that is missing or broken.
    """
    return RgbdRecording(name, list_frames(folder), INTRINSICS)
