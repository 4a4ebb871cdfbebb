"""Reading the files that data sets are made of; every error names the file."""

from __future__ import annotations

import re
import warnings
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np

from mem4d_ros.datasets.sample import FrameError
from mem4d_ros.sensor_messages.deep_image import SensorBits, to_eight_bits
from mem4d_ros.sensor_messages.encoded_size import encoded_size, from_start, is_cut_off
from mem4d_ros.sensor_messages.raw_image import MAX_PIXELS
from mem4d_ros.sensor_messages.remarks import Say, silent

JPEG_SUFFIXES = (".jpg", ".jpeg", ".jpe")
RIGID_TOLERANCE = 0.02
"""Of RᵀR; published poses have few digits, and some come from a fusion that lets them drift."""


def existing(path: Path) -> Path:
    """The path. Raises FrameError where nothing is there."""
    if not path.exists():
        raise FrameError(f"{path} is missing")
    return path


def name_for_opencv(path: Path) -> str:
    """The path as text. Raises FrameError for one that is no UTF-8, at which OpenCV crashes."""
    try:
        str(path).encode()
    except UnicodeEncodeError as error:
        raise FrameError(
            f"{path} cannot be opened by a name that is no UTF-8: rename it"
        ) from error
    return str(path)


def list_files(folder: Path, *suffixes: str) -> list[Path]:
    """The folder's files with one of the suffixes, such as .png, numbers in order (2 before 10).

    Raises FrameError where there are none.
    """
    files = [path for path in visible_files(existing(folder)) if path.suffix.lower() in suffixes]
    if not files:
        raise FrameError(f"{folder} holds no files of {' '.join(sorted(suffixes))}")
    return sorted(files, key=natural_order)


def visible_files(folder: Path) -> list[Path]:
    """The folder's files, without the hidden ones that other systems put beside them (._a.jpg)."""
    return [path for path in folder.iterdir() if path.is_file() and not path.name.startswith(".")]


def matching_files(folder: Path, suffix: str, images: Sequence[Path]) -> list[Path]:
    """For each image the folder's file with the same number, such as depth0.png for img0.png.

    Raises FrameError for an image without a file and for files without an image.
    """
    files = {_number(path): path for path in list_files(folder, suffix)}
    for image in images:
        if _number(image) not in files:
            raise FrameError(f"{folder} has no {suffix} file with the number of {image.name}")
    check_count(folder, len(files), len(images))
    return [files[_number(image)] for image in images]


def _number(path: Path) -> int:
    """The last number in a file's name. Raises FrameError where there is none."""
    numbers = re.findall(r"\d+", path.stem)
    if not numbers:
        raise FrameError(f"{path} has no number in its name")
    return int(numbers[-1])


def natural_order(path: Path) -> list[tuple[int, int, str]]:
    """Digits are compared as numbers, everything else as text."""
    pieces = re.findall(r"\d+|\D+", path.name.lower())
    return [(0, int(piece), "") if piece.isdigit() else (1, 0, piece) for piece in pieces]


def check_count(path: Path, count: int, expected: int) -> None:
    """Raises FrameError where `path` does not hold as many entries as the images need."""
    if count != expected:
        raise FrameError(
            f"{path} has {count} entries, but {expected} are needed for the images:"
            " the sequence is incomplete"
        )


def read_image(path: Path, say: Say = silent, sensor: SensorBits | None = None) -> np.ndarray:
    """An image (H, W, 3) uint8 RGB; grey becomes RGB, and deep channels 8 bits.

    `sensor` remembers a sequence's depth of 16 bits.
    Raises FrameError for a file that is missing, cut off or no image.
    """
    content = memoryview(existing(path).read_bytes())
    if path.suffix.lower() in JPEG_SUFFIXES:
        content = from_start(content)
    size = encoded_size(content)
    if size is not None and size[0] * size[1] > MAX_PIXELS:
        raise FrameError(
            f"{path} has {size[0]}x{size[1]} pixels: at most {MAX_PIXELS // 1_000_000} megapixels"
            " are read"
        )
    image = None
    if len(content) and not is_cut_off(content):
        image = _decoded(content, cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH)
    if image is None:
        raise FrameError(f"{path} is not a readable image: replace or remove it")
    if image.dtype == np.uint16:
        image = to_eight_bits(image, lambda remark: say(f"{path.parent}: {remark}"), sensor)
    elif image.dtype != np.uint8:
        image = cv2.convertScaleAbs(image, alpha=255)  # light from 0 to 1
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


def _decoded(data: memoryview, mode: int) -> np.ndarray | None:
    """What OpenCV makes of a file's content; None where it makes nothing."""
    try:
        return cv2.imdecode(np.frombuffer(data, np.uint8), mode)
    except cv2.error:  # at a size beyond its limits, or a codec that is not built in
        return None


def read_depth_image(
    path: Path, units_per_metre: float, invalid: Sequence[int] = (0,)
) -> np.ndarray:
    """A 16-bit depth image as (H, W) float32 metres, NaN where its value is in `invalid`.

    Raises FrameError for a file that is missing or no such image.
    """
    raw = cv2.imread(name_for_opencv(existing(path)), cv2.IMREAD_UNCHANGED)
    if raw is None or raw.dtype != np.uint16 or raw.ndim != 2:
        raise FrameError(f"{path} is not a readable 16-bit depth image")
    return np.where(np.isin(raw, invalid), np.nan, raw / units_per_metre).astype(np.float32)


def same_size(depth: np.ndarray, path: Path, image: np.ndarray) -> np.ndarray:
    """The depth (H, W) that was read from `path`.

    Raises FrameError where it is not of the size of its image (H, W, 3).
    """
    if depth.shape != image.shape[:2]:
        raise FrameError(
            f"{path} is {depth.shape[1]}x{depth.shape[0]},"
            f" its image {image.shape[1]}x{image.shape[0]}"
        )
    return depth


def read_lines(path: Path) -> list[str]:
    """The lines of a text file. Raises FrameError for a file that is missing or no text."""
    try:
        return existing(path).read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise FrameError(f"{path} is not a text file: {error}") from error


def read_table(path: Path, columns: int) -> np.ndarray:
    """The numbers of a text file, (rows, columns) float64; lines that start with # are skipped.

    Raises FrameError for a file that is missing or holds anything else. Numbers may be infinite.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", UserWarning)  # at an empty file
            table = np.loadtxt(existing(path), dtype=np.float64, ndmin=2)
    except (OSError, UserWarning, ValueError) as error:
        raise FrameError(f"{path} is not a readable matrix: {error}") from error
    if table.shape[1] != columns:
        raise FrameError(f"{path} does not have {columns} numbers in every line")
    return table


def read_matrix(path: Path, shape: tuple[int, int]) -> np.ndarray:
    """A text file of numbers as a float64 matrix.

    Raises FrameError for other contents, or numbers that are not finite.
    """
    matrix = read_table(path, shape[1])
    if matrix.shape != shape or not np.isfinite(matrix).all():
        raise FrameError(f"{path} is not a finite {shape[0]}x{shape[1]} matrix")
    return matrix


def read_pose(path: Path) -> np.ndarray:
    """A text file of a rigid motion, (4, 4) float64. Raises FrameError for anything else."""
    return rigid(read_matrix(path, (4, 4)), path)


def rigid(pose: np.ndarray, path: Path) -> np.ndarray:
    """The pose (3 or 4, 4) that was read from `path`, as (4, 4) float64.

    Raises FrameError for a matrix that is not a rotation and a translation.
    """
    if pose.shape not in ((3, 4), (4, 4)):
        raise FrameError(f"{path} is not a 4x4 matrix")
    full = np.eye(4)
    full[: len(pose)] = pose
    rotation = full[:3, :3]
    close = np.abs(rotation.T @ rotation - np.eye(3)).max() < RIGID_TOLERANCE
    if not (np.isfinite(full).all() and close and np.linalg.det(rotation) > 0):
        raise FrameError(f"{path} holds a matrix that is no rotation and translation")
    if not np.array_equal(full[3], [0, 0, 0, 1]):
        raise FrameError(f"{path} holds a matrix whose last row is not 0 0 0 1")
    return full


def pinhole(fx: float, fy: float, cx: float, cy: float) -> np.ndarray:
    """Intrinsics (3, 3) float64."""
    return np.array([[fx, 0.0, cx], [0.0, fy, cy], [0.0, 0.0, 1.0]])


def read_arrays(path: Path, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, np.ndarray]:
    """The named arrays of a file, (n, *shape) float64 each; its other arrays are not read.

    Raises FrameError for a file that is missing or broken, and for arrays of other shapes.
    """
    try:
        with np.load(existing(path), allow_pickle=False) as archive:
            arrays = {name: np.asarray(archive[name], np.float64) for name in shapes}
    except (EOFError, KeyError, OSError, TypeError, ValueError, zipfile.BadZipFile) as error:
        names = ", ".join(shapes)
        raise FrameError(f"{path} is not a readable file of {names}: {error}") from error
    for name, shape in shapes.items():
        if arrays[name].ndim != 1 + len(shape) or arrays[name].shape[1:] != shape:
            raise FrameError(f"{path}: {name} is {arrays[name].shape}, not (n, {shape})")
    return arrays
