"""Small writing on pictures."""

from __future__ import annotations

import cv2
import numpy as np

FONT = cv2.FONT_HERSHEY_SIMPLEX
Colour = tuple[int, int, int]


def write(picture: np.ndarray, text: str, position: tuple[int, int], colour: Colour) -> np.ndarray:
    """A copy of a picture with one line of text whose base line starts at `position` (x, y)."""
    picture = np.ascontiguousarray(picture.copy())
    cv2.putText(picture, text, position, FONT, _size(picture), colour, 1, cv2.LINE_AA)
    return picture


def label(picture: np.ndarray, text: str) -> np.ndarray:
    """A copy of a picture with one line of white text on black in its lower left corner."""
    (width, height), below = cv2.getTextSize(text, FONT, _size(picture), 1)
    picture = picture.copy()
    top = max(picture.shape[0] - height - below - 4, 0)
    picture[top:, : width + 8] = 0
    return write(picture, text, (4, picture.shape[0] - below), (255, 255, 255))


def _size(picture: np.ndarray) -> float:
    return float(np.clip(picture.shape[1] / 800, 0.35, 0.6))
