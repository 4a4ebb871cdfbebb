"""All textures of a mesh in one flat array with smaller copies, sampled trilinearly at once."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

LEVELS = 10  # sizes of one texture, each half of the one before; 512 px down to 1


@dataclass(frozen=True)
class Textures:
    """T textures. Values are gamma 2: linear light is their square."""

    texels: np.ndarray  # (P, 3) uint8 RGB
    alpha: np.ndarray | None  # (P,) uint8, None where no texture has holes
    start: np.ndarray  # (T, LEVELS) int32 into texels
    width: np.ndarray  # (T, LEVELS) int32
    height: np.ndarray  # (T, LEVELS) int32

    def colours(self, number: np.ndarray, uv: np.ndarray, level: np.ndarray) -> np.ndarray:
        """Linear RGB (n, 3) of texture number (n,) at uv (n, 2), at fractional levels (n,)."""
        level = np.clip(level, 0, LEVELS - 1.001).astype(np.float32)
        lower = level.astype(np.int32)
        share = (level - lower)[:, None]
        value = self._bilinear(number, uv, lower) * (1 - share)
        value += self._bilinear(number, uv, lower + 1) * share
        value *= np.float32(1 / 255)
        return value * value

    def mean_colours(self) -> np.ndarray:
        """Linear RGB (T, 3) of the smallest copies."""
        value = self.texels[self.start[:, -1]].astype(np.float32) / 255
        return value * value

    def opacity(self, number: np.ndarray, uv: np.ndarray) -> np.ndarray:
        """Alpha (n,) in 0..1, of the nearest texel."""
        if self.alpha is None:
            return np.ones(len(number), np.float32)
        column, row, width, height, start = self._position(number, uv, np.zeros_like(number))
        x = np.floor(column + 0.5).astype(np.int32) % width
        y = np.floor(row + 0.5).astype(np.int32) % height
        return self.alpha[start + y * width + x] / np.float32(255)

    def _bilinear(self, number: np.ndarray, uv: np.ndarray, level: np.ndarray) -> np.ndarray:
        column, row, width, height, start = self._position(number, uv, level)
        left, top = np.floor(column), np.floor(row)
        right_share, bottom_share = (column - left)[:, None], (row - top)[:, None]
        x0 = left.astype(np.int32) % width
        y0 = top.astype(np.int32) % height
        x1, y1 = x0 + 1, y0 + 1
        x1[x1 == width] = 0
        y1[y1 == height] = 0
        top_row, bottom_row = start + y0 * width, start + y1 * width
        upper = self._mix(top_row + x0, top_row + x1, right_share)
        lower = self._mix(bottom_row + x0, bottom_row + x1, right_share)
        lower -= upper
        lower *= bottom_share
        lower += upper
        return lower

    def _mix(self, left: np.ndarray, right: np.ndarray, share: np.ndarray) -> np.ndarray:
        value = self.texels[left].astype(np.float32)
        difference = self.texels[right].astype(np.float32) - value
        difference *= share
        value += difference
        return value

    def _position(
        self, number: np.ndarray, uv: np.ndarray, level: np.ndarray
    ) -> tuple[np.ndarray, ...]:
        """Column and row from texel centres, and width, height and start of the copy; all (n,)."""
        width, height = self.width[number, level], self.height[number, level]
        u, v = uv[:, 0] - np.floor(uv[:, 0]), uv[:, 1] - np.floor(uv[:, 1])
        column = u * width - np.float32(0.5)
        row = (1 - v) * height - np.float32(0.5)
        return column, row, width, height, self.start[number, level]


def load_textures(files: tuple[np.ndarray, ...]) -> Textures:
    """Decode image files and make the smaller copies."""
    texels, alphas, starts, widths, heights = [], [], [], [], []
    position = 0
    any_alpha = False
    for file in files:
        image = cv2.imdecode(file, cv2.IMREAD_UNCHANGED)
        if image is None:
            raise ValueError("a texture is not an image")
        any_alpha |= image.shape[2] == 4
        for _ in range(LEVELS):
            height, width = image.shape[:2]
            starts.append(position)
            widths.append(width)
            heights.append(height)
            position += height * width
            texels.append(image[..., 2::-1].reshape(-1, 3))
            opaque = np.full((height, width), 255, np.uint8)
            alphas.append((image[..., 3] if image.shape[2] == 4 else opaque).ravel())
            size = (max(1, width // 2), max(1, height // 2))
            image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    if not files:
        return load_textures((_grey_file(),))

    def table(values: list[int]) -> np.ndarray:
        return np.array(values, np.int32).reshape(-1, LEVELS)

    return Textures(
        np.concatenate(texels),
        np.concatenate(alphas) if any_alpha else None,
        table(starts),
        table(widths),
        table(heights),
    )


def _grey_file() -> np.ndarray:
    _, file = cv2.imencode(".png", np.full((1, 1, 3), 128, np.uint8))
    return file.ravel()
