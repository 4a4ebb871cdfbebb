"""Photographs as textures: crops of the images in a folder, for pictures and for surfaces."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from mem4d_ros.synthetic.textures.noise import TILE_SIZE

SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp")
SMALLEST = 64  # px: a smaller side shows nothing


def read_photographs(folder: Path) -> list[np.ndarray]:
    """The images (H, W, 3) uint8 RGB of a folder in the order of their names; small ones left out.

    Raises FileNotFoundError where there is none, ValueError for a file that cannot be read.
    """
    images = []
    for path in sorted(folder.glob("*")):
        if path.suffix.lower() not in SUFFIXES:
            continue
        image = cv2.imread(str(path), cv2.IMREAD_COLOR)
        if image is None:
            raise ValueError(f"{path} is not an image that OpenCV reads: remove it from the folder")
        if min(image.shape[:2]) >= SMALLEST:
            images.append(cv2.cvtColor(image, cv2.COLOR_BGR2RGB))
    if not images:
        raise FileNotFoundError(
            f"no photograph of at least {SMALLEST} pixels a side in {folder}:"
            f" put some there ({', '.join(SUFFIXES)})"
        )
    return images


def picture(rng: np.random.Generator, photographs: Sequence[np.ndarray]) -> np.ndarray:
    """A large square crop (TILE_SIZE, TILE_SIZE, 3) of one of them, to hang on a wall."""
    return _crop(rng, photographs, share=rng.uniform(0.7, 1.0), side=TILE_SIZE)


def surface(rng: np.random.Generator, photographs: Sequence[np.ndarray]) -> np.ndarray:
    """A small crop, mirrored both ways so that it repeats without a seam."""
    quarter = _crop(rng, photographs, share=rng.uniform(0.25, 0.6), side=TILE_SIZE // 2)
    half = np.hstack([quarter, quarter[:, ::-1]])
    return np.vstack([half, half[::-1]])


def _crop(
    rng: np.random.Generator, photographs: Sequence[np.ndarray], share: float, side: int
) -> np.ndarray:
    """A square of `share` of the shorter side, somewhere in one of them, resized to `side`."""
    image = photographs[int(rng.integers(len(photographs)))]
    height, width = image.shape[:2]
    size = max(2, round(share * min(height, width)))
    top, left = int(rng.integers(height - size + 1)), int(rng.integers(width - size + 1))
    crop = image[top : top + size, left : left + size]
    method = cv2.INTER_AREA if size > side else cv2.INTER_LINEAR
    return cv2.resize(crop, (side, side), interpolation=method)
