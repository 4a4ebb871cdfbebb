"""What procedural textures are made from: periodic noise, colour ramps, colours of materials."""

from __future__ import annotations

from collections.abc import Sequence
from colorsys import hsv_to_rgb

import numpy as np

TILE_SIZE = 256

WOODS = (
    ((0.30, 0.18, 0.10), (0.50, 0.33, 0.20)),
    ((0.55, 0.38, 0.22), (0.76, 0.58, 0.38)),
    ((0.68, 0.54, 0.38), (0.88, 0.76, 0.60)),
    ((0.42, 0.24, 0.14), (0.62, 0.38, 0.22)),
    ((0.55, 0.50, 0.44), (0.74, 0.69, 0.62)),
)


def grid() -> tuple[np.ndarray, np.ndarray]:
    """Coordinates y and x (S, S) in [0, 1) of the pixels of a tile."""
    y, x = np.mgrid[:TILE_SIZE, :TILE_SIZE] / TILE_SIZE
    return y, x


def fractal(rng: np.random.Generator, exponent: float, stretch: float = 1.0) -> np.ndarray:
    """Periodic noise (S, S) of mean 0 and variance 1 with amplitudes falling as 1/f^exponent.

    `stretch` > 1 draws it out along y.
    """
    fy = np.fft.fftfreq(TILE_SIZE)[:, None] * TILE_SIZE * stretch
    fx = np.fft.rfftfreq(TILE_SIZE)[None] * TILE_SIZE
    frequency = np.hypot(fy, fx)
    frequency[0, 0] = np.inf
    spectrum = np.fft.rfft2(rng.standard_normal((TILE_SIZE, TILE_SIZE)))
    noise = np.fft.irfft2(spectrum / frequency**exponent, s=(TILE_SIZE, TILE_SIZE))
    return noise / noise.std()


def ramp(values: np.ndarray, colours: Sequence[np.ndarray]) -> np.ndarray:
    """Values (...) in [0, 1] as colours (..., 3) between evenly spaced ones."""
    stops = np.linspace(0, 1, len(colours))
    channels = [np.interp(values, stops, [colour[i] for colour in colours]) for i in range(3)]
    return np.stack(channels, -1)


def natural_colour(
    rng: np.random.Generator, brightness: tuple[float, float] = (0.15, 0.95), vivid: float = 0.28
) -> np.ndarray:
    """An sRGB colour (3,) as things have it: muted, `vivid` on average, rather warm than cold."""
    hue = rng.normal(0.09, 0.07) if rng.random() < 0.55 else rng.uniform()
    saturation = rng.beta(1.2, 1.2 * (1 / vivid - 1))
    return np.array(hsv_to_rgb(hue % 1, saturation, rng.uniform(*brightness)))


def wood_colours(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A dark and a light sRGB colour (3,) of one kind of wood."""
    dark, light = WOODS[rng.integers(len(WOODS))]
    shift = rng.uniform(0.94, 1.06, 3)
    return np.array(dark) * shift, np.minimum(np.array(light) * shift, 1.0)
