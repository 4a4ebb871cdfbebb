"""Frames that a script has made, as files of 7-Scenes' layout, which `mem4d eval` reads."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mem4d_ros.writing import write_image, write_picture

FARTHEST = 65.0  # m; 16 bits of millimetres hold no more


def write_frame(
    folder: Path, number: int, image: np.ndarray, depth: np.ndarray, camera_to_world: np.ndarray
) -> None:
    """Write image (H, W, 3) uint8, depth (H, W) in m and pose (4, 4).

    Depth that is NaN or farther than FARTHEST is unknown.
    """
    name = str(folder / f"frame-{number:06d}")
    write_picture(Path(name + ".color.png"), np.ascontiguousarray(image))
    millimetres = np.where(depth < FARTHEST, depth.astype(np.float32) * 1000, 0)
    write_image(Path(name + ".depth.png"), millimetres.astype(np.uint16))
    np.savetxt(name + ".pose.txt", camera_to_world)


def write_intrinsics(folder: Path, intrinsics: np.ndarray) -> None:
    """Write those (3, 3) of all frames."""
    np.savetxt(folder / "camera-intrinsics.txt", intrinsics)
