"""Gaps between drawn points."""

from __future__ import annotations

import cv2
import numpy as np


def nearest_filled(filled: np.ndarray, reach: float) -> np.ndarray:
    """Flat index (H, W) of the filled pixel (H, W) bool nearest to each; -1 beyond `reach` px."""
    if not filled.any():
        return np.full(filled.shape, -1)
    distance, labels = cv2.distanceTransformWithLabels(
        (~filled).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    index_of = np.zeros(labels.max() + 1, np.int64)
    index_of[labels[filled]] = np.flatnonzero(filled)
    return np.where(distance <= reach, index_of[labels], -1)


def between(filled: np.ndarray, width: int) -> np.ndarray:
    """Filled pixels (H, W) bool and gaps among them up to `width` px; outlines stay as they are."""
    side = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width, width))
    framed = np.pad(filled.astype(np.uint8), width)
    closed = cv2.morphologyEx(framed, cv2.MORPH_CLOSE, side)
    return closed[width:-width, width:-width] > 0
