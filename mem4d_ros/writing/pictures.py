"""Write image files."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from mem4d_ros.writing.whole import whole_file


def write_picture(path: Path, rgb: np.ndarray) -> None:
    """Write (H, W, 3) uint8 RGB in the format of the path's suffix. Raises OSError."""
    write_image(path, cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))


def write_image(path: Path, values: np.ndarray) -> None:
    """Write (H, W) uint8 or uint16, or (H, W, 3) BGR, as they are. Raises OSError."""
    with whole_file(path) as partial:
        # OpenCV's own files cannot have any name, and it does not notice that a disk is full.
        _, content = cv2.imencode(path.suffix, values)
        partial.write_bytes(content.tobytes())
