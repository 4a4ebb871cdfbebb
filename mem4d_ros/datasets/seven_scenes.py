"""Microsoft 7-Scenes: hand-held Kinect in seven rooms.

<scene>/seq-01/frame-000000.color.png  colour, or .jpg
               frame-000000.depth.png  16 bit, millimetres, 0 and 65535 unknown
               frame-000000.pose.txt   4x4 camera to world, metres

The Kinect's depth image is not registered to colour. Where the usual preparation for evaluations
has left frame-000000.depth.proj.png beside it, depth seen from the colour camera, that is read.
Documented in the readme.txt of
https://www.microsoft.com/en-us/research/project/rgb-d-dataset-7-scenes/.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mem4d_ros.datasets.files import read_depth_image, read_image, read_matrix, read_pose, same_size
from mem4d_ros.datasets.folder import ImageFolder
from mem4d_ros.datasets.indexed import IndexedRecording
from mem4d_ros.datasets.sample import FrameError, Sample

INTRINSICS_FILE = "camera-intrinsics.txt"
DEFAULT_INTRINSICS = np.array([[585.0, 0.0, 320.0], [0.0, 585.0, 240.0], [0.0, 0.0, 1.0]])
UNITS_PER_METRE = 1000
RAW, PROJECTED = ".depth.png", ".depth.proj.png"
INVALID = (0, 65535)


class SevenScenes(IndexedRecording):
    """One sequence's folder. Intrinsics are those of the file beside it, else the data set's."""

    def __init__(self, folder: Path, name: str | None = None) -> None:
        """Raises FrameError for a folder without colour images or with fewer depths or poses."""
        super().__init__(name or folder.name)
        self._folder = folder
        self._images = ImageFolder(folder).paths
        self._stems = [path.name.split(".")[0] for path in self._images]
        self._depth_suffix = PROJECTED if any(folder.glob(f"*{PROJECTED}")) else RAW
        for suffix in (self._depth_suffix, ".pose.txt"):
            for stem in self._stems:
                if not (folder / (stem + suffix)).exists():
                    raise FrameError(f"{folder / (stem + suffix)} is missing beside its image")
        self._intrinsics = self._read_intrinsics()

    def __len__(self) -> int:
        return len(self._stems)

    def _read(self, index: int) -> Sample:
        stem = self._stems[index]
        image = read_image(self._images[index])
        depth_file = self._folder / f"{stem}{self._depth_suffix}"
        depth = read_depth_image(depth_file, UNITS_PER_METRE, INVALID)
        return Sample(
            name=stem,
            image=image,
            depth=same_size(depth, depth_file, image),
            camera_to_world=read_pose(self._folder / f"{stem}.pose.txt"),
            intrinsics=self._intrinsics,
        )

    def _read_intrinsics(self) -> np.ndarray:
        path = self._folder / INTRINSICS_FILE
        return read_matrix(path, (3, 3)) if path.exists() else DEFAULT_INTRINSICS


def sequence_name(folder: Path) -> str:
    """Sequences are numbered anew in each scene: the scene's name belongs to theirs."""
    numbered = folder.name.startswith("seq-")
    return f"{folder.parent.name}/{folder.name}" if numbered else folder.name
