"""Procedural textures of what stands outside; like those of `patterns`."""

from __future__ import annotations

import cv2
import numpy as np

from mem4d_ros.synthetic.textures.noise import TILE_SIZE, fractal, grid, natural_colour, ramp
from mem4d_ros.synthetic.textures.prints import view

GLASS = np.array([0.20, 0.24, 0.28])


def asphalt(rng: np.random.Generator) -> np.ndarray:
    """Tar with grains, worn and patched."""
    tone = 0.5 + 0.05 * fractal(rng, exponent=1.5) + 0.05 * fractal(rng, exponent=0.1)
    cracks = np.abs(fractal(rng, exponent=1.3)) < rng.uniform(0.0, 0.03)
    tone = np.where(cracks, 0.6 * tone, tone)
    return np.repeat(tone[..., None], 3, -1) * rng.uniform(0.96, 1.04, 3)


def paving(rng: np.random.Generator) -> np.ndarray:
    """Slabs or setts of concrete or stone."""
    rows, columns = ((4, 4), (8, 4), (16, 16), (2, 4))[rng.integers(4)]
    y, x = grid()
    row = np.floor(y * rows).astype(int)
    along = x * columns + 0.5 * (row % 2)
    shade = rng.uniform(0.85, 1.1, (rows, columns))[row, np.floor(along).astype(int) % columns]
    stone = np.array([0.68, 0.66, 0.62]) * rng.uniform(0.9, 1.1, 3)
    image = (shade * (1 + 0.06 * fractal(rng, exponent=0.5)))[..., None] * stone
    image[((y * rows) % 1 < 0.012 * rows) | (along % 1 < 0.012 * columns)] *= 0.6
    return cv2.GaussianBlur(image, (0, 0), 0.6)


def casement(rng: np.random.Generator) -> np.ndarray:
    """One window seen from the street: frame, bars, dark panes with a pale reflection, curtains."""
    image = ramp(0.5 + 0.25 * fractal(rng, exponent=1.8), [GLASS * 0.4, GLASS, GLASS * 2.6])
    y, x = grid()
    if rng.random() < 0.6:
        drawn = rng.uniform(0.1, 0.35)
        cloth = natural_colour(rng, (0.5, 0.95), vivid=0.15)
        image[np.minimum(x, 1 - x) < drawn] = cloth * rng.uniform(0.6, 1.0)
    frame = np.full(3, 0.9) if rng.random() < 0.7 else natural_colour(rng, (0.15, 0.8))
    columns, rows = int(rng.integers(1, 4)), int(rng.integers(1, 4))
    bar = np.minimum(np.abs((x * columns + 0.5) % 1 - 0.5) / columns, 1)
    cross = np.minimum(np.abs((y * rows + 0.5) % 1 - 0.5) / rows, 1)
    image[(bar < 0.02) | (cross < 0.016)] = frame
    image[np.minimum(np.minimum(x, 1 - x), np.minimum(y, 1 - y)) < 0.05] = frame
    return image


def shop_window(rng: np.random.Generator) -> np.ndarray:
    """Goods behind glass that mirrors the other side of the street."""
    wall = natural_colour(rng, (0.08, 0.5))
    y, _ = grid()
    image = (0.6 + 0.4 * y + 0.06 * fractal(rng, exponent=1.6))[..., None] * wall
    for _ in range(int(rng.integers(4, 14))):
        left, top = int(rng.integers(0, 230)), int(rng.integers(70, 220))
        right, bottom = left + int(rng.integers(10, 60)), top + int(rng.integers(20, 110))
        cv2.rectangle(image, (left, top), (right, bottom), tuple(natural_colour(rng)), -1)
    image = 0.8 * image + 0.2 * view(rng)
    edge = max(2, TILE_SIZE // 64)
    cv2.rectangle(image, (0, 0), (TILE_SIZE - 1, TILE_SIZE - 1), (0.12, 0.12, 0.12), edge)
    return image


def roof_tiles(rng: np.random.Generator) -> np.ndarray:
    """Rows of clay or slate."""
    rows = int(rng.choice([8, 16]))
    y, x = grid()
    row = np.floor(y * rows).astype(int)
    round_ = 0.85 + 0.15 * np.sin(2 * np.pi * (x * rows + 0.5 * (row % 2)))
    tone = round_ * (0.7 + 0.3 * ((y * rows) % 1)) * (1 + 0.12 * fractal(rng, exponent=0.6))
    clay = natural_colour(rng, (0.3, 0.7), vivid=0.4)
    return tone[..., None] * clay


def clouds(rng: np.random.Generator) -> np.ndarray:
    """How dense clouds are."""
    noise = fractal(rng, exponent=rng.uniform(1.2, 1.7))
    density = (0.3 * noise + rng.uniform(0.1, 0.6)).clip(0, 1)
    return np.repeat(density[..., None], 3, -1)


STREET_PATTERNS = {
    "asphalt": asphalt,
    "paving": paving,
    "casement": casement,
    "shop_window": shop_window,
    "roof_tiles": roof_tiles,
    "clouds": clouds,
}
