"""Several pictures on one sheet, each with its name."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from mem4d_ros.viz.text import write

TITLE_HEIGHT = 22
GAP = 6


def contact_sheet(
    pictures: Sequence[tuple[str, np.ndarray]], columns: int, width: int = 320
) -> np.ndarray:
    """Named pictures (H, W, 3) uint8 RGB in rows of `columns`, each `width` pixels wide.

    Raises ValueError where there is no picture.
    """
    if not pictures:
        raise ValueError("a contact sheet needs at least one picture")
    cells = [_cell(name, picture, width) for name, picture in pictures]
    height = max(len(cell) for cell in cells)
    rows = -(-len(cells) // columns)
    sheet = np.full((rows * (height + GAP) + GAP, columns * (width + GAP) + GAP, 3), 255, np.uint8)
    for index, cell in enumerate(cells):
        top = GAP + index // columns * (height + GAP)
        left = GAP + index % columns * (width + GAP)
        sheet[top : top + len(cell), left : left + width] = cell
    return sheet


def _cell(name: str, picture: np.ndarray, width: int) -> np.ndarray:
    """The picture at the given width under its name."""
    height = max(1, round(picture.shape[0] * width / picture.shape[1]))
    shrinking = width < picture.shape[1]
    interpolation = cv2.INTER_AREA if shrinking else cv2.INTER_LINEAR
    resized = cv2.resize(picture, (width, height), interpolation=interpolation)
    title = np.full((TITLE_HEIGHT, width, 3), 255, np.uint8)
    title = write(title, name, (2, TITLE_HEIGHT - 7), (40, 40, 40))
    return np.concatenate([title, resized])
