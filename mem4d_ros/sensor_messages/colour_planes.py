"""Images whose brightness and colours lie in two planes, as video decoders write them.

First all of Y, row by row, then pairs of U and V, each for a block of pixels.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np

_FROM_YUV = np.array([[1.164, 0.0, 1.596], [1.164, -0.391, -0.813], [1.164, 2.018, 0.0]])
BT601 = np.column_stack((_FROM_YUV, -_FROM_YUV @ (16, 128, 128)))
"""From (Y, U, V, 1) in studio range to RGB, as in the packed encodings of YUV."""


@dataclass(frozen=True)
class Planes:
    """How the second plane is laid out."""

    block: int  # pixels in a row, and rows, that share a pair
    v_first: bool = False

    def size(self, height: int, step: int) -> int:
        """Bytes of both planes, where a row of Y has `step`."""
        return height * step + -(-height // self.block) * (2 * step // self.block)

    def to_rgb(self, data: np.ndarray, width: int, height: int, step: int) -> np.ndarray:
        """The image (H, W, 3) uint8 RGB of bytes (n,), n at least `size`."""
        y = data[: height * step].reshape(height, step)[:, :width]
        rows, pair_step = -(-height // self.block), 2 * step // self.block
        pairs = data[height * step :][: rows * pair_step].reshape(rows, -1, 2)
        pairs = pairs.repeat(self.block, 0).repeat(self.block, 1)[:height, :width]
        u, v = np.moveaxis(pairs[..., ::-1] if self.v_first else pairs, -1, 0)
        return cv2.transform(np.dstack((y, u, v)), BT601)


PLANES: Mapping[str, Planes] = {
    "nv12": Planes(2),
    "nv21": Planes(2, v_first=True),
    "nv24": Planes(1),
}
"""By encoding."""
