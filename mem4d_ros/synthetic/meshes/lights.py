"""Lamps, the sun and the sky of one sequence, as a few points that light comes from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

NEAREST = 0.35  # m; light grows no further nearer than this


@dataclass(frozen=True)
class Lights:
    """L samples of lamps and of the sun, and the sky behind everything.

    Attributes:
        points: (L, 3) float32 places in m; of the sun its direction.
        sun: (L,) bool.
        colours: (L, 3) float32; of a lamp the irradiance over pi at 1 m.
        sky: (H, W, 3) float32 linear radiance, an equirectangular panorama.
        glow_sky: (h, w, 3) the same, blurred.
        glimmer: (3,) light that comes from everywhere after many reflections.
        first: (K,) int32 the first sample of each lamp and of the sun.
    """

    points: np.ndarray
    sun: np.ndarray
    colours: np.ndarray
    sky: np.ndarray
    glow_sky: np.ndarray
    glimmer: np.ndarray
    first: np.ndarray

    def towards(self, sample: int, positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Unit directions (n, 3) to a sample, and distances (n,) in m (large for the sun)."""
        if self.sun[sample]:
            direction = np.broadcast_to(self.points[sample], positions.shape)
            return direction, np.full(len(positions), 1e4, np.float32)
        offset = self.points[sample] - positions
        distance = np.sqrt(np.einsum("ni,ni->n", offset, offset)) + np.float32(1e-6)
        return offset / distance[:, None], distance

    def strength(self, sample: int, directions: np.ndarray, distance: np.ndarray) -> np.ndarray:
        """How strong (n,) a sample is at the end of these ways."""
        if self.sun[sample]:
            return np.ones(len(distance), np.float32)
        downwards = 0.35 + 0.65 * np.clip(directions[:, 2], 0, 1)
        return downwards / (distance * distance + np.float32(NEAREST**2))

    def whole(self) -> Lights:
        """Each lamp and the sun as one sample."""
        if len(self.first) == 0:
            return self
        colours = np.add.reduceat(self.colours, self.first)
        points, sun = self.points[self.first], self.sun[self.first]
        return Lights(points, sun, colours, self.sky, self.glow_sky, self.glimmer, self.first)

    def soft_sky_radiance(self, directions: np.ndarray) -> np.ndarray:
        """Radiance (n, 3) of the blurred sky along unit directions (n, 3)."""
        height, width = self.glow_sky.shape[:2]
        azimuth = np.arctan2(directions[:, 1], directions[:, 0]) * np.float32(0.5 / np.pi) + 0.5
        row = ((1 - directions[:, 2]) * np.float32(0.5 * height)).astype(np.int32)
        column = (azimuth * width).astype(np.int32)
        return self.glow_sky[np.clip(row, 0, height - 1), np.clip(column, 0, width - 1)]

    def sky_radiance(self, directions: np.ndarray) -> np.ndarray:
        """Radiance (n, 3) of the sky along unit directions (n, 3)."""
        height, width = self.sky.shape[:2]
        azimuth = np.arctan2(directions[:, 1], directions[:, 0]) / np.float32(2 * np.pi) + 0.5
        polar = np.arccos(np.clip(directions[:, 2], -1, 1)) / np.float32(np.pi)
        column = azimuth * width - np.float32(0.5)
        row = np.clip(polar * height - np.float32(0.5), 0, height - 1.001)
        x, y = np.floor(column).astype(np.int32), row.astype(np.int32)
        a, b = (column - x)[:, None], (row - y)[:, None]
        x0, x1 = x % width, (x + 1) % width
        top = self.sky[y, x0] * (1 - a) + self.sky[y, x1] * a
        bottom = self.sky[y + 1, x0] * (1 - a) + self.sky[y + 1, x1] * a
        return top * (1 - b) + bottom * b


def light_up(
    groups: Sequence[tuple[np.ndarray, np.ndarray, bool]], sky: np.ndarray, glimmer: np.ndarray
) -> Lights:
    """Lights of lamps and suns, each (points (n, 3), colour (3,) of all, is the sun)."""
    counts = [len(points) for points, _, _ in groups]
    empty = [np.zeros((0, 3))]
    colours = [np.tile(colour / len(points), (len(points), 1)) for points, colour, _ in groups]
    return Lights(
        points=np.concatenate([points for points, _, _ in groups] or empty).astype(np.float32),
        sun=np.repeat([sun for _, _, sun in groups], counts).astype(bool),
        colours=np.concatenate(colours or empty).astype(np.float32),
        sky=sky.astype(np.float32),
        glow_sky=_blurred(sky.astype(np.float32)),
        glimmer=glimmer.astype(np.float32),
        first=np.cumsum([0, *counts[:-1]]).astype(np.int32)[: len(counts)],
    )


def _blurred(sky: np.ndarray) -> np.ndarray:
    """A small blurred panorama whose rows are evenly spaced in the height of directions."""
    height = 16
    polar = np.arccos(1 - 2 * (np.arange(height) + 0.5) / height) / np.pi
    wide = cv2.resize(sky, (32, 64), interpolation=cv2.INTER_AREA)
    wide = cv2.GaussianBlur(np.concatenate([wide] * 3, 1), (0, 0), 6.0)[:, 32:64]
    return wide[(polar * 64).astype(int)]


def lamp_samples(centre: np.ndarray, radius: float, count: int) -> np.ndarray:
    """Points (count, 3) spread over a horizontal disk."""
    turn = np.arange(count) * 2.399963  # the golden angle
    reach = radius * np.sqrt((np.arange(count) + 0.5) / count)
    offsets = np.stack((reach * np.cos(turn), reach * np.sin(turn), np.zeros(count)), 1)
    return (centre + offsets).astype(np.float32)


def sun_samples(direction: np.ndarray, spread: float, count: int) -> np.ndarray:
    """Unit directions (count, 3) spread about one by an angle in radians."""
    across = np.cross(direction, (0.3, 0.4, 0.85))
    across /= np.linalg.norm(across)
    other = np.cross(direction, across)
    turn = np.arange(count) * 2.399963
    reach = spread * np.sqrt((np.arange(count) + 0.5) / count)
    vectors = direction + (reach * np.cos(turn))[:, None] * across
    vectors = vectors + (reach * np.sin(turn))[:, None] * other
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def warm(share: float) -> np.ndarray:
    """Linear RGB of white light from cold (-1) to warm (1), its green 1."""
    return np.array([1.0 + 0.2 * share, 1.0, 1.0 - 0.3 * share], np.float32)
