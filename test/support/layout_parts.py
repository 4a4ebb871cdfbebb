"""A small scene, and the images, depth images and tables that layouts are made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from mem4d_ros.geometry import rigid_inverse
from mem4d_ros.synthetic import SyntheticSequence

KNOWN = 0.8
"""Share of the pixels, the nearest, whose depth is known; layouts say so in their own ways."""


@dataclass(frozen=True)
class Scene:
    """Frames with their truth."""

    images: np.ndarray  # (T, H, W, 3) uint8 RGB
    depth: np.ndarray  # (T, H, W) float32, NaN where unknown
    camera_to_world: np.ndarray  # (T, 4, 4) float64
    intrinsics: np.ndarray  # (3, 3)
    stamps_s: np.ndarray  # (T,)

    @property
    def world_to_camera(self) -> np.ndarray:
        return rigid_inverse(self.camera_to_world)

    def __len__(self) -> int:
        return len(self.images)


@dataclass(frozen=True)
class Written:
    """What was written of a scene, and how the reader must give it back."""

    folder: Path  # of the sequence
    images: list[Path]
    depths: list[Path]  # none where the data set has no depth
    poses: list[Path]  # one for each frame, or the one of all; none where there are no poses
    intrinsics: np.ndarray
    depth_step_m: float = 0.0  # of the format's quantisation
    write_depth: Callable[[Path, np.ndarray], None] | None = None


def scene_of(sequence: SyntheticSequence) -> Scene:
    """The sequence, its far surfaces unknown, in a world that is not the first camera."""
    depth = sequence.depth.numpy().astype(np.float32)
    world = np.eye(4)
    world[:3, :3], world[:3, 3] = cv2.Rodrigues(np.array([0.3, -0.2, 0.5]))[0], (1.0, -2.0, 0.5)
    return Scene(
        images=(sequence.images * 255).round().byte().permute(0, 2, 3, 1).numpy(),
        depth=np.where(depth < np.nanquantile(depth, KNOWN), depth, np.float32(np.nan)),
        camera_to_world=world @ sequence.camera_to_world.double().numpy(),
        intrinsics=sequence.intrinsics[0].double().numpy(),
        stamps_s=1305031102.0 + np.arange(len(depth)) / 30,
    )


def write_image(path: Path, image: np.ndarray) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    quality = [cv2.IMWRITE_JPEG_QUALITY, 100] if path.suffix == ".jpg" else []
    assert cv2.imwrite(str(path), cv2.cvtColor(image, cv2.COLOR_RGB2BGR), quality)
    return path


def depth_writer(units_per_metre: float, unknown: int = 0) -> Callable[[Path, np.ndarray], None]:
    """Writes 16-bit depth images."""

    def write(path: Path, depth: np.ndarray) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        units = np.where(np.isnan(depth), unknown, np.nan_to_num(depth) * units_per_metre)
        assert cv2.imwrite(str(path), units.round().astype(np.uint16))

    return write


def write_text(path: Path, rows: np.ndarray) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savetxt(path, rows, fmt="%.12g")
    return path
