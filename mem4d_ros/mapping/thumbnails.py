"""Small blurred images, by which views that are alike are found quickly."""

from __future__ import annotations

import cv2
import numpy as np

SIZE = (40, 30)


def thumbnail(image: np.ndarray) -> np.ndarray:
    """A small blurred image (h, w) float32 of mean 0 and deviation 1 of an image (H, W) uint8."""
    resized = cv2.resize(image, SIZE, interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(resized.astype(np.float32), (0, 0), 1.5)
    return (small - small.mean()) / (small.std() + 1e-6)
