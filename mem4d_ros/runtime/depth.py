"""Depth at the resolution of the camera's image."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mem4d_ros.geometry import ImageTransform

SMOOTH_RATIO = 1.05
"""Four neighbours whose depths differ by less than this factor lie on one surface."""


def upsample_depth(depth: np.ndarray, transform: ImageTransform) -> np.ndarray:
    """Depth (h, w) of the model's image as depth (H, W) of the camera's image, float32 metres.

    On a smooth surface the inverse depth is interpolated linearly, which is exact for planes. At an
    edge, and beside an invalid pixel, the nearest depth is taken as it is, so that no depth arises
    between foreground and background. Pixels that the crop has removed are NaN.
    """
    height, width = transform.input_height, transform.input_width
    pixels = np.zeros((max(height, width), 2)) + np.arange(max(height, width))[:, None]
    model_pixels = transform.to_model(pixels)
    columns = _Neighbours.of(model_pixels[:width, 0], depth.shape[1])
    rows = _Neighbours.of(model_pixels[:height, 1], depth.shape[0])
    top_left, top_right, bottom_left, bottom_right = corners = [
        depth[np.ix_(r, c)]
        for r in (rows.lower, rows.upper)
        for c in (columns.lower, columns.upper)
    ]
    nearest = depth[np.ix_(rows.nearest, columns.nearest)]
    # NaN in any corner makes the comparison false: there is no surface to interpolate on.
    smooth = np.maximum.reduce(corners) < SMOOTH_RATIO * np.minimum.reduce(corners)
    x, y = columns.fraction, rows.fraction[:, None]
    top = (1 - x) / top_left + x / top_right
    bottom = (1 - x) / bottom_left + x / bottom_right
    inside = np.where(smooth, 1 / ((1 - y) * top + y * bottom), nearest)
    full = np.full((height, width), np.nan, np.float32)
    full[np.ix_(rows.inside, columns.inside)] = inside
    return full


@dataclass(frozen=True)
class _Neighbours:
    """Along one axis, the model's pixels about each of the camera's pixels inside the crop."""

    inside: np.ndarray  # (N,) bool, over all of the camera's pixels
    lower: np.ndarray  # (n,) index of the neighbour before
    upper: np.ndarray  # (n,) index of the neighbour after
    nearest: np.ndarray  # (n,)
    fraction: np.ndarray  # (n,) float32, fraction of the distance from lower to upper

    @classmethod
    def of(cls, positions: np.ndarray, size: int) -> _Neighbours:
        """Neighbours of positions (N,) in pixels of the model's image, `size` pixels long."""
        inside = (positions >= -0.5) & (positions < size - 0.5)
        clamped = positions[inside].clip(0, size - 1)
        lower = clamped.astype(int)
        upper = np.minimum(lower + 1, size - 1)
        nearest = np.floor(clamped + 0.5).astype(int)
        return cls(inside, lower, upper, nearest, (clamped - lower).astype(np.float32))
