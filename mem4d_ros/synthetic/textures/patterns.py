"""Procedural textures: periodic sRGB images (TILE_SIZE, TILE_SIZE, 3), floats in [0, 1].

Each function paints one variant of a kind of surface from a random generator; `PATTERNS` names the
kinds. Images are for the surfaces of things: what one tile measures is decided where it is used.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np

from mem4d_ros.synthetic.textures.noise import (
    TILE_SIZE,
    fractal,
    grid,
    natural_colour,
    ramp,
    wood_colours,
)
from mem4d_ros.synthetic.textures.prints import keyboard, page, poster, screen, spines, view
from mem4d_ros.synthetic.textures.street_patterns import STREET_PATTERNS

Painter = Callable[[np.random.Generator], np.ndarray]

BRICKS = ((0.58, 0.31, 0.24), (0.70, 0.45, 0.33), (0.88, 0.86, 0.83), (0.55, 0.50, 0.47))


def plaster(rng: np.random.Generator) -> np.ndarray:
    """Paint on a wall: nearly plain."""
    coarse = fractal(rng, exponent=1.6) * rng.uniform(0.01, 0.035)
    fine = fractal(rng, exponent=0.3) * rng.uniform(0.002, 0.02)
    return _grey(0.93 + coarse + fine)


def mottled(rng: np.random.Generator) -> np.ndarray:
    """Concrete, leather, old paint: noise at every scale between two neighbouring colours."""
    noise = 0.5 + 0.22 * fractal(rng, exponent=rng.uniform(0.7, 1.4))
    low, high = sorted(rng.uniform(0.55, 1.0, 2))
    return ramp(noise, [np.full(3, low) * rng.uniform(0.96, 1.04, 3), np.full(3, high)])


def speckle(rng: np.random.Generator) -> np.ndarray:
    """Granite and terrazzo: grains of a few colours."""
    image = np.ones((TILE_SIZE, TILE_SIZE, 3)) * rng.uniform(0.5, 0.95)
    for _ in range(3):
        grains = fractal(rng, exponent=rng.uniform(0.2, 0.7)) > rng.uniform(0.9, 1.6)
        image[grains] = rng.uniform(0.1, 1.0) * rng.uniform(0.85, 1.1, 3)
    return cv2.GaussianBlur(image, (0, 0), 0.7)


def wood(rng: np.random.Generator) -> np.ndarray:
    """Grain along v."""
    return _wood(rng, *wood_colours(rng))


def planks(rng: np.random.Generator) -> np.ndarray:
    """Boards along v, four to eight abreast, with staggered ends and dark joints."""
    boards = int(rng.choice([4, 8]))
    width = TILE_SIZE // boards
    dark, light = wood_colours(rng)
    image = np.empty((TILE_SIZE, TILE_SIZE, 3))
    grains = [_wood(rng, dark, light) for _ in range(3)]
    for board in range(boards):
        columns = slice(board * width, (board + 1) * width)
        grain = np.roll(grains[board % 3], int(rng.integers(TILE_SIZE)), 0)[:, columns]
        image[:, columns] = grain * rng.uniform(0.85, 1.1)
        image[:, board * width] *= 0.55
        end = int(rng.integers(TILE_SIZE))
        image[end, columns] *= 0.55
        image[end:, columns] *= rng.uniform(0.93, 1.07)
    return image


def fabric(rng: np.random.Generator) -> np.ndarray:
    """A weave with soft folds."""
    y, x = grid()
    threads = int(rng.choice([32, 64]))
    weave = 0.06 * (np.sin(2 * np.pi * threads * x) + np.sin(2 * np.pi * threads * y))
    folds = 0.05 * fractal(rng, exponent=1.5) + 0.05 * fractal(rng, exponent=0.3)
    return _grey(0.82 + weave + folds)


def carpet(rng: np.random.Generator) -> np.ndarray:
    """An ornament with two mirror symmetries inside a border."""
    quarter = cv2.resize(fractal(rng, exponent=1.1), (TILE_SIZE // 2, TILE_SIZE // 2))
    half = np.hstack([quarter, quarter[:, ::-1]])
    colours = [natural_colour(rng, (0.2, 0.85), vivid=0.45) for _ in range(4)]
    steps = np.floor((np.vstack([half, half[::-1]]) * 1.3) % 4).astype(int)
    image = np.array(colours)[steps]
    y, x = grid()
    edge = np.minimum(np.minimum(x, 1 - x), np.minimum(y, 1 - y))
    image[edge < 0.1] = colours[0]
    image[(edge > 0.03) & (edge < 0.05)] = colours[1]
    return image * (1 + 0.1 * fractal(rng, exponent=0.2)[..., None])


def pile(rng: np.random.Generator) -> np.ndarray:
    """Wall-to-wall carpet."""
    noise = 0.09 * fractal(rng, exponent=0.1) + 0.03 * fractal(rng, exponent=1.2)
    return _grey(0.78 + noise)


def stripes(rng: np.random.Generator) -> np.ndarray:
    """Stripes along v, as on wallpaper, curtains and shirts."""
    count = int(rng.choice([2, 4, 8]))
    colours = [natural_colour(rng, (0.4, 1.0), vivid=0.2) for _ in range(int(rng.integers(2, 6)))]
    profile = np.repeat(colours, 8, 0)
    period = cv2.resize(profile[None], (TILE_SIZE // count, 1), interpolation=cv2.INTER_AREA)
    image = np.tile(period, (TILE_SIZE, count, 1))
    return image * (1 + 0.03 * fractal(rng, exponent=0.5)[..., None])


def tartan(rng: np.random.Generator) -> np.ndarray:
    """Stripes both ways."""
    horizontal = stripes(rng)
    return (horizontal + stripes(rng).transpose(1, 0, 2)) / 2


def checks(rng: np.random.Generator) -> np.ndarray:
    """Squares of two colours, worn a little."""
    y, x = grid()
    count = int(rng.choice([2, 4, 8]))
    odd = (np.floor(x * count) + np.floor(y * count)) % 2
    image = ramp(
        odd,
        [natural_colour(rng, (0.1, 0.6), vivid=0.2), natural_colour(rng, (0.6, 1.0), vivid=0.12)],
    )
    return image * (1 + 0.05 * fractal(rng, exponent=1.0)[..., None])


def tiles(rng: np.random.Generator) -> np.ndarray:
    """Square ceramic tiles with joints."""
    count = int(rng.choice([2, 4, 8]))
    glaze = natural_colour(rng, (0.6, 1.0), vivid=0.15)
    joint = rng.uniform(0.3, 1.0)
    return _masonry(rng, count, count, glaze, shift=False, joint=joint, variation=0.04)


def bricks(rng: np.random.Generator) -> np.ndarray:
    """Bricks in a running bond."""
    clay = BRICKS[rng.integers(len(BRICKS))]
    image = _masonry(rng, 8, 4, clay, shift=True, joint=rng.uniform(0.5, 0.95), variation=0.2)
    return image * (1 + 0.12 * fractal(rng, exponent=0.7)[..., None])


def wallpaper(rng: np.random.Generator) -> np.ndarray:
    """A small motif on a lattice."""
    count = int(rng.choice([4, 8]))
    cell = TILE_SIZE // count
    motif = cv2.resize(fractal(rng, exponent=1.3), (cell, cell))
    motif = motif + motif[:, ::-1]
    y, x = np.mgrid[:cell, :cell] / cell - 0.5
    shape = (motif * 0.3 - 6 * (x**2 + y**2) + rng.uniform(0.1, 0.6)).clip(0, 0.25) * 4
    ground, figure = natural_colour(rng, (0.7, 1.0), vivid=0.2), natural_colour(rng, (0.3, 1.0))
    image = np.tile(ramp(shape, [ground, figure]), (count, count, 1))
    return image * (1 + 0.015 * fractal(rng, exponent=0.8)[..., None])


def foliage(rng: np.random.Generator) -> np.ndarray:
    """Leaves from afar."""
    noise = 0.5 + 0.25 * fractal(rng, exponent=0.6)
    green = np.array([rng.uniform(0.2, 0.45), rng.uniform(0.45, 0.65), rng.uniform(0.1, 0.25)])
    return ramp(noise, [green * 0.15, green, np.minimum(green * 1.6, 1)])


def _wood(rng: np.random.Generator, dark: np.ndarray, light: np.ndarray) -> np.ndarray:
    _, x = grid()
    warp = fractal(rng, exponent=1.8, stretch=6.0)
    rings = np.sin(2 * np.pi * (int(rng.integers(3, 9)) * x + rng.uniform(0.2, 0.7) * warp))
    pores = fractal(rng, exponent=0.4, stretch=24.0)
    return ramp(0.5 + 0.2 * rings + 0.15 * pores + 0.1 * warp, [dark, light])


def _masonry(
    rng: np.random.Generator,
    rows: int,
    columns: int,
    colour: Sequence[float] | np.ndarray,
    shift: bool,
    joint: float,
    variation: float,
) -> np.ndarray:
    """Blocks in rows, each of its own shade, with joints of a grey `joint`."""
    y, x = grid()
    row = np.floor(y * rows).astype(int)
    along = x * columns + 0.5 * shift * (row % 2)
    column = np.floor(along).astype(int) % columns
    shade = 1 + variation * rng.uniform(-1, 1, (rows, columns))
    image = shade[row, column][..., None] * colour
    image = image * (1 + 0.03 * fractal(rng, exponent=1.0)[..., None])
    width = 0.012 * rng.uniform(0.6, 1.6)
    near_joint = ((y * rows) % 1 < width * rows) | (along % 1 < width * columns)
    image[near_joint] = joint
    return cv2.GaussianBlur(image, (0, 0), 0.6)


def _grey(values: np.ndarray) -> np.ndarray:
    return np.repeat(values[..., None], 3, -1)


PATTERNS: dict[str, Painter] = {
    "plaster": plaster,
    "mottled": mottled,
    "speckle": speckle,
    "wood": wood,
    "planks": planks,
    "fabric": fabric,
    "carpet": carpet,
    "pile": pile,
    "stripes": stripes,
    "tartan": tartan,
    "checks": checks,
    "tiles": tiles,
    "bricks": bricks,
    "wallpaper": wallpaper,
    "foliage": foliage,
    "page": page,
    "poster": poster,
    "view": view,
    "spines": spines,
    "screen": screen,
    "keyboard": keyboard,
    **STREET_PATTERNS,
}
