"""Reading the files that data sets are made of; every error names the file."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from mem4d_ros.datasets.frames import FrameError


def read_image(path: Path) -> np.ndarray:
    """An image (H, W, 3) uint8 RGB; grey becomes RGB, a rotation in EXIF is left alone.

    Raises FrameError for a file that is missing or no image.
    """
    image = cv2.imread(str(existing(path)), cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
    if image is None:
        raise FrameError(f"{path} is not a readable image: replace or remove it")
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


def read_depth_image(
    path: Path, units_per_metre: float, invalid: Sequence[int] = (0,)
) -> np.ndarray:
    """A 16-bit depth image as (H, W) float32 metres, NaN where its value is in `invalid`.

    Raises FrameError for a file that is missing or no such image.
    """
    raw = cv2.imread(str(existing(path)), cv2.IMREAD_UNCHANGED)
    if raw is None or raw.dtype != np.uint16 or raw.ndim != 2:
        raise FrameError(f"{path} is not a readable 16-bit depth image")
    return np.where(np.isin(raw, invalid), np.nan, raw / units_per_metre).astype(np.float32)


def same_size(depth: np.ndarray, path: Path, image: np.ndarray) -> np.ndarray:
    """The depth (H, W) read from `path`.

    Raises FrameError where it is not of the size of its image (H, W, 3).
    """
    if depth.shape != image.shape[:2]:
        raise FrameError(
            f"{path} is {depth.shape[1]}x{depth.shape[0]},"
            f" its image {image.shape[1]}x{image.shape[0]}"
        )
    return depth


def read_matrix(path: Path, shape: tuple[int, int]) -> np.ndarray:
    """A text file of numbers as a float64 matrix.

    Raises FrameError for other contents, or numbers that are not finite.
    """
    matrix = read_table(path)
    if matrix.shape != shape or not np.isfinite(matrix).all():
        raise FrameError(f"{path} is not a finite {shape[0]}x{shape[1]} matrix")
    return matrix


def read_table(path: Path) -> np.ndarray:
    """The numbers of a text file, (rows, columns) float64; lines that start with # are skipped.

    Raises FrameError for a file that is missing or holds anything else.
    """
    try:
        return np.loadtxt(existing(path), dtype=np.float64, ndmin=2)
    except (OSError, ValueError) as error:
        raise FrameError(f"{path} is not a readable matrix: {error}") from error


def existing(path: Path) -> Path:
    """The path. Raises FrameError where nothing is there."""
    if not path.exists():
        raise FrameError(f"{path} is missing")
    return path
