"""Textures that carry something to read or to look at: pages, posters, views, screens, books.

Lengths are in pixels of a tile. They are drawn with OpenCV, whose colours are tuples of floats.
"""

from __future__ import annotations

import cv2
import numpy as np

from mem4d_ros.synthetic.textures.noise import TILE_SIZE, fractal, grid, natural_colour, ramp

SKY = np.array([0.42, 0.60, 0.85])
MEADOW = np.array([0.30, 0.38, 0.20])
LETTERS = list("abcdefghijklmnopqrstuvwxyz     ABCDEFGHIKLMNOPRST0123456789.,-")


def page(rng: np.random.Generator) -> np.ndarray:
    """A packet or a printed page: a headline, lines of text, a coloured block."""
    pale = rng.random() < 0.6
    ground = natural_colour(rng, (0.85, 1.0), vivid=0.1) if pale else natural_colour(rng, vivid=0.6)
    ink = (1 - ground) * rng.uniform(0.2, 1.0)
    image = _sheet(ground)
    for _ in range(int(rng.integers(1, 4))):
        _rectangle(rng, image, natural_colour(rng, vivid=0.5))
    _write(rng, image, ink, (12, int(rng.integers(40, 80))), size=rng.uniform(1.0, 2.2))
    for line in range(100, TILE_SIZE - 8, int(rng.integers(11, 22))):
        _write(rng, image, ink, (int(rng.integers(6, 40)), line), size=rng.uniform(0.3, 0.5))
    return image


def poster(rng: np.random.Generator) -> np.ndarray:
    """Abstract art: shapes, or bands of noise in a few colours."""
    colours = [natural_colour(rng, (0.05, 1.0), vivid=0.4) for _ in range(5)]
    noise = fractal(rng, exponent=rng.uniform(1.2, 2.0))
    image = ramp((noise * 0.25 + 0.5).clip(0, 1), colours)
    for _ in range(int(rng.integers(0, 8))):
        colour = natural_colour(rng, vivid=0.5)
        if rng.random() < 0.5:
            _rectangle(rng, image, colour)
        else:
            centre = tuple(int(v) for v in rng.integers(0, TILE_SIZE, 2))
            cv2.circle(image, centre, int(rng.integers(8, 70)), tuple(colour), -1, cv2.LINE_AA)
    if rng.random() < 0.5:
        _write(rng, image, rng.uniform(0, 1, 3), (16, 230), size=rng.uniform(0.8, 2.0))
    return image


def view(rng: np.random.Generator) -> np.ndarray:
    """A landscape: sky with clouds, ridges one behind another, a foreground."""
    y, _ = grid()
    sky = ramp(y * 1.6, [SKY * rng.uniform(0.8, 1.1, 3), rng.uniform(0.85, 1.0, 3)])
    clouds = (fractal(rng, exponent=1.5, stretch=0.5) * 0.3).clip(0, 1)[..., None]
    image = sky * (1 - clouds) + clouds
    ridges = int(rng.integers(2, 5))
    base = MEADOW * rng.uniform(0.7, 1.3, 3)
    for ridge in range(ridges):
        outline = fractal(rng, exponent=1.7)[0] * 0.07 / (1 + ridge) + 0.35 + 0.5 * ridge / ridges
        haze = 0.6 * (1 - (ridge + 1) / ridges)
        surface = (
            base * (1 + 0.25 * fractal(rng, exponent=0.8)[..., None]) * (1 - haze) + haze * 0.8
        )
        image = np.where((y > outline[None])[..., None], surface, image)
    for _ in range(int(rng.integers(0, 5))):
        _house(rng, image)
    return image


def spines(rng: np.random.Generator) -> np.ndarray:
    """A row of book spines."""
    image = _sheet(np.full(3, 0.08))
    left = 0
    while left < TILE_SIZE:
        width = int(rng.integers(9, 30))
        colour = natural_colour(rng, (0.1, 0.95), vivid=0.45)
        top = int(rng.integers(0, 50))
        right = min(left + width - 2, TILE_SIZE - 1)
        image[top:, left : right + 1] = colour
        if width > 14:
            title = image[top:, left : right + 1].transpose(1, 0, 2)
            _write(rng, title, 1 - colour, (20, width - 5), size=width / 45)
        left += width
    return image.clip(0, 1)


def screen(rng: np.random.Generator) -> np.ndarray:
    """A computer's desktop with windows."""
    image = view(rng) if rng.random() < 0.5 else _sheet(natural_colour(rng, (0.05, 0.5)))
    for _ in range(int(rng.integers(1, 4))):
        left, top = (int(v) for v in rng.integers(0, 110, 2))
        right, bottom = (int(v) for v in rng.integers(150, TILE_SIZE, 2))
        dark = rng.random() < 0.4
        ground = np.full(3, 0.12 if dark else 0.96)
        cv2.rectangle(image, (left, top), (right, bottom), tuple(ground), -1)
        cv2.rectangle(image, (left, top), (right, top + 9), tuple(natural_colour(rng)), -1)
        window = image[top:bottom, left:right]
        for line in range(24, bottom - top, 11):
            ink = rng.uniform(0.3, 1.0, 3) if dark else rng.uniform(0, 0.5, 3)
            _write(rng, window, ink, (6 + 8 * int(rng.integers(0, 4)), line), size=0.33)
    return image


def keyboard(rng: np.random.Generator) -> np.ndarray:
    """Keys in rows, also a radiator, a grille or a remote control."""
    y, x = grid()
    rows, columns = int(rng.choice([4, 8])), int(rng.choice([8, 16]))
    inside = ((x * columns) % 1 > 0.14) & ((y * rows) % 1 > 0.16)
    ground, key = sorted(rng.uniform(0.05, 0.9, 2))
    return np.where(inside[..., None], np.full(3, key), np.full(3, ground))


def _sheet(colour: np.ndarray) -> np.ndarray:
    return np.ones((TILE_SIZE, TILE_SIZE, 3)) * colour


def _rectangle(rng: np.random.Generator, image: np.ndarray, colour: np.ndarray) -> None:
    left, top = (int(v) for v in rng.integers(0, TILE_SIZE, 2))
    width, height = (int(v) for v in rng.integers(20, 150, 2))
    image[top : top + height, left : left + width] = colour


def _write(
    rng: np.random.Generator,
    image: np.ndarray,
    colour: np.ndarray,
    position: tuple[int, int],
    size: float,
) -> None:
    """One line of random letters from `position`, to a random length."""
    text = "".join(rng.choice(LETTERS, int(rng.integers(6, 40))))
    mask = np.zeros(image.shape[:2], np.uint8)  # OpenCV 5 writes on bytes only
    thickness = 2 if size > 0.9 else 1
    cv2.putText(mask, text, position, cv2.FONT_HERSHEY_SIMPLEX, size, 255, thickness, cv2.LINE_AA)
    image += mask[..., None] / 255 * (colour - image)


def _house(rng: np.random.Generator, image: np.ndarray) -> None:
    left, width = int(rng.integers(0, 220)), int(rng.integers(15, 70))
    top, bottom = int(rng.integers(60, 170)), int(rng.integers(200, TILE_SIZE))
    image[top:bottom, left : left + width] = natural_colour(rng, (0.4, 0.9), vivid=0.25)
    for row in range(top + 6, bottom - 8, 16):
        for column in range(left + 4, min(left + width, TILE_SIZE) - 6, 12):
            image[row : row + 8, column : column + 6] = rng.uniform(0.1, 0.9)
