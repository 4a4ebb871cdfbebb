"""Reprojection of static points into another camera.

Pixels and their like are planes, (2, H, W) with x first: so they lie in memory as they are used.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SMALLEST_DEPTH_RATIO = 1e-3
"""Minimum ratio of the depth in the other camera to that in this one; below, a point is invalid."""


@dataclass(frozen=True)
class Reprojection:
    """Pixels of one view under a camera motion; all coordinates are pixels of the other view.

    A pixel's point lies on a ray, and all points of a ray are seen on one line of the other view:
    homogeneous pixel = far + inverse depth * near.
    """

    far: np.ndarray  # (3, H, W) float32, homogeneous, of the point at infinity
    near: np.ndarray  # (3,) float32, homogeneous, of the camera's own centre

    @classmethod
    def under(
        cls, rays: np.ndarray, intrinsics: np.ndarray, other_from_this: np.ndarray
    ) -> Reprojection:
        """For a camera's rays (H, W, 3) float32, z = 1, intrinsics (3, 3) and a motion (4, 4)."""
        rotation = (intrinsics @ other_from_this[:3, :3]).astype(np.float32)
        translation = (intrinsics @ other_from_this[:3, 3]).astype(np.float32)
        x, y = rays[:1, :, 0], rays[:, :1, 1]  # a column's, and a row's
        far = np.stack([by_x * x + (by_y * y + one) for by_x, by_y, one in rotation])
        return cls(far, translation)

    def depth_ratio(self, inverse_depth: np.ndarray) -> np.ndarray:
        """Depth in the other view by the depth in this one, (H, W), positive."""
        ratio = self.far[2] + self.near[2] * inverse_depth
        return np.maximum(ratio, np.float32(SMALLEST_DEPTH_RATIO))

    def pixels(self, inverse_depth: np.ndarray) -> np.ndarray:
        """(2, H, W) float32 for inverse depths (H, W); far outside if behind the other camera."""
        pixels = self.near[:2, None, None] * inverse_depth
        pixels += self.far[:2]
        pixels /= self.depth_ratio(inverse_depth)
        return pixels

    def nearest_pixels(
        self, seen_at: np.ndarray, inverse_depth: np.ndarray, depth_error: float
    ) -> np.ndarray:
        """Of the pixels where a still point may be seen, the nearest to `seen_at` (2, H, W).

        The depth may be wrong by the factor 1 + `depth_error` in both directions, so that these
        pixels form a piece of the epipolar line.
        """
        factor = np.float32(1 + depth_error)
        start = self.pixels(inverse_depth / factor)
        along = self.pixels(inverse_depth * factor) - start
        reach = _inner(seen_at - start, along)
        share = np.clip(reach / np.maximum(_inner(along, along), np.float32(1e-9)), 0, 1)
        return start + share * along


def distance(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Between pixels (2, H, W), as (H, W)."""
    apart = first - second
    return np.sqrt(_inner(apart, apart))


def inside(pixels: np.ndarray) -> np.ndarray:
    """(H, W) bool: which of the pixels (2, H, W) lie in an image of that size."""
    height, width = pixels.shape[1:]
    x, y = pixels
    return (x >= 0) & (y >= 0) & (x <= width - 1) & (y <= height - 1)


def _inner(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return first[0] * second[0] + first[1] * second[1]
