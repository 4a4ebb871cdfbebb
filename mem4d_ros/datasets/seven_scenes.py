"""Microsoft 7-Scenes: frame-NNNNNN.color.(png|jpg), .depth.png in mm, .pose.txt camera-to-world."""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from mem4d_ros.datasets.folder import ImageFolder
from mem4d_ros.datasets.frames import FrameError
from mem4d_ros.datasets.sample import Sample

INTRINSICS_FILE = "camera-intrinsics.txt"
DEFAULT_INTRINSICS = np.array([[585.0, 0.0, 320.0], [0.0, 585.0, 240.0], [0.0, 0.0, 1.0]])
INVALID_MM = (0, 65535)


class SevenScenes:
    """One sequence's folder. Intrinsics are those of the file beside it, else the data set's."""

    def __init__(self, folder: Path) -> None:
        """Raises FrameError for a folder without colour images or with fewer depths or poses."""
        self.name = folder.name
        self._colours = ImageFolder(folder)
        self._stems = [path.name.split(".")[0] for path in self._colours.paths]
        self._folder = folder
        for suffix in (".depth.png", ".pose.txt"):
            for stem in self._stems:
                if not (folder / (stem + suffix)).exists():
                    raise FrameError(f"{folder / (stem + suffix)} is missing beside its image")
        self._intrinsics = self._read_intrinsics()

    def __len__(self) -> int:
        return len(self._stems)

    def __iter__(self) -> Iterator[Sample]:
        for frame, stem in zip(self._colours, self._stems, strict=True):
            yield Sample(
                name=stem,
                image=frame.image,
                depth=read_depth_mm(self._folder / f"{stem}.depth.png", frame.image.shape[:2]),
                camera_to_world=read_matrix(self._folder / f"{stem}.pose.txt", (4, 4)),
                intrinsics=self._intrinsics,
            )

    def _read_intrinsics(self) -> np.ndarray:
        path = self._folder / INTRINSICS_FILE
        return read_matrix(path, (3, 3)) if path.exists() else DEFAULT_INTRINSICS


def read_depth_mm(path: Path, shape: tuple[int, ...]) -> np.ndarray:
    """A 16-bit depth image in millimetres as (H, W) float32 metres, NaN where invalid.

    Raises FrameError for a file that is no such image, or not of `shape` (H, W).
    """
    raw = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if raw is None or raw.dtype != np.uint16 or raw.ndim != 2:
        raise FrameError(f"{path} is not a readable 16-bit depth image")
    if raw.shape != shape:
        raise FrameError(
            f"{path} is {raw.shape[1]}x{raw.shape[0]}, its image {shape[1]}x{shape[0]}"
        )
    return np.where(np.isin(raw, INVALID_MM), np.nan, raw / 1000).astype(np.float32)


def read_matrix(path: Path, shape: tuple[int, int]) -> np.ndarray:
    """A text file of numbers as a float64 matrix.

    Raises FrameError for other contents, or numbers that are not finite.
    """
    try:
        matrix = np.loadtxt(path, dtype=np.float64)
    except (OSError, ValueError) as error:
        raise FrameError(f"{path} is not a readable matrix: {error}") from error
    if matrix.shape != shape or not np.isfinite(matrix).all():
        raise FrameError(f"{path} is not a finite {shape[0]}x{shape[1]} matrix")
    return matrix
