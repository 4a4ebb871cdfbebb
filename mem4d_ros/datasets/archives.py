"""Arrays in .npz files."""

import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from mem4d_ros.datasets.files import existing
from mem4d_ros.datasets.frames import FrameError


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
