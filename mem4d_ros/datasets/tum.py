"""TUM RGB-D: a hand-held Kinect, filmed by a motion capture system.

<sequence>/rgb.txt          time in s, file of the colour image
           depth.txt        time in s, file of the depth image: 16 bit, 5000 per metre, 0 unknown
           groundtruth.txt  time in s, tx ty tz in m, qx qy qz qw; camera to world

The three are recorded independently and associated by time. Documented at
https://cvg.cit.tum.de/data/datasets/rgbd-dataset/file_formats.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from mem4d_ros.datasets.association import associate
from mem4d_ros.datasets.files import (
    pinhole,
    read_depth_image,
    read_image,
    read_lines,
    read_table,
    same_size,
)
from mem4d_ros.datasets.indexed import IndexedRecording
from mem4d_ros.datasets.sample import FrameError, Sample
from mem4d_ros.geometry import pose_from

UNITS_PER_METRE = 5000
TOLERANCE_S = 0.02
TUM_INTRINSICS = {
    "freiburg1": pinhole(517.3, 516.5, 318.6, 255.3),
    "freiburg2": pinhole(520.9, 521.0, 325.1, 249.7),
    "freiburg3": pinhole(535.4, 539.2, 320.1, 247.6),
}
TUM_DEFAULT_INTRINSICS = pinhole(525.0, 525.0, 319.5, 239.5)


@dataclass(frozen=True)
class RgbdFrame:
    """A colour image and what was recorded within 0.02 s of it; None where nothing was."""

    stamp_s: float
    image: Path
    depth: Path | None
    camera_to_world: np.ndarray | None = None  # (4, 4)


class RgbdRecording(IndexedRecording):
    """Colour images in order of time, with what is known of the same moment."""

    def __init__(self, name: str, frames: list[RgbdFrame], intrinsics: np.ndarray) -> None:
        super().__init__(name)
        self._frames = frames
        self._intrinsics = intrinsics

    def __len__(self) -> int:
        return len(self._frames)

    def _read(self, index: int) -> Sample:
        frame = self._frames[index]
        image = read_image(frame.image)
        return Sample(
            name=frame.image.stem,
            image=image,
            depth=None if frame.depth is None else _read_depth(frame.depth, image),
            camera_to_world=frame.camera_to_world,
            intrinsics=self._intrinsics,
            stamp_s=frame.stamp_s,
        )


def open_tum(folder: Path, name: str) -> RgbdRecording:
    """The sequence's images whose pose is known, as the pose benchmark has it.

    Raises FrameError for a list that is missing or broken, and where no pose fits an image.
    """
    frames = list_frames(folder)
    stamps = np.array([frame.stamp_s for frame in frames])
    pose_file = folder / "groundtruth.txt"
    pose_stamps, poses = _read_poses(pose_file)
    pose_of = associate(stamps, pose_stamps, TOLERANCE_S)
    if not pose_of:
        raise FrameError(f"{pose_file} has no pose within {TOLERANCE_S} s of an image")
    posed = [replace(frames[i], camera_to_world=poses[pose_of[i]]) for i in sorted(pose_of)]
    return RgbdRecording(name, posed, _tum_intrinsics(folder))


def list_frames(folder: Path) -> list[RgbdFrame]:
    """The colour images in order of time, with the depth image of the same moment.

    Raises FrameError for a list that is missing or broken.
    """
    image_stamps, images = _read_list(folder / "rgb.txt")
    depth_stamps, depths = _read_list(folder / "depth.txt")
    depth_of = associate(image_stamps, depth_stamps, TOLERANCE_S)
    return [
        RgbdFrame(
            stamp_s=float(image_stamps[i]),
            image=images[i],
            depth=depths[depth_of[i]] if i in depth_of else None,
        )
        for i in np.argsort(image_stamps, kind="stable").tolist()
    ]


def _read_list(path: Path) -> tuple[np.ndarray, list[Path]]:
    """Stamps (n,) in seconds and the files of that time."""
    lines = read_lines(path)
    entries = [line.split() for line in lines if line.strip() and not line.startswith("#")]
    try:
        stamps = np.array([float(stamp) for stamp, _ in entries])
    except ValueError as error:
        raise FrameError(f"{path} does not have a time and a file in every line") from error
    if not entries:
        raise FrameError(f"{path} lists no files")
    return stamps, [path.parent / file for _, file in entries]


def _read_poses(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Stamps (n,) in seconds and camera-to-world poses (n, 4, 4)."""
    table = read_table(path, 8)
    quaternions = table[:, [7, 4, 5, 6]]  # wxyz
    lengths = np.linalg.norm(quaternions, axis=-1)
    if not np.isfinite(table).all() or (abs(lengths - 1) > 0.01).any():
        raise FrameError(f"{path} has a pose that is not finite, or no unit quaternion")
    return table[:, 0], pose_from(quaternions, table[:, 1:4])


def _read_depth(path: Path, image: np.ndarray) -> np.ndarray:
    return same_size(read_depth_image(path, UNITS_PER_METRE), path, image)


def _tum_intrinsics(folder: Path) -> np.ndarray:
    """Those of the camera that the sequence's name tells."""
    named = [k for camera, k in TUM_INTRINSICS.items() if camera in folder.resolve().name]
    return named[0] if named else TUM_DEFAULT_INTRINSICS
