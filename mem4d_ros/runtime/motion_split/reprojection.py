"""Reprojection of static points into another camera."""

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

    far: np.ndarray  # (H, W, 3) float32, homogeneous, of the point at infinity
    near: np.ndarray  # (3,) float32, homogeneous, of the camera's own centre

    @classmethod
    def under(
        cls, rays: np.ndarray, intrinsics: np.ndarray, other_from_this: np.ndarray
    ) -> Reprojection:
        """For rays (H, W, 3) float32 with z = 1, intrinsics (3, 3) and a rigid motion (4, 4)."""
        rotation = (intrinsics @ other_from_this[:3, :3]).astype(np.float32)
        translation = (intrinsics @ other_from_this[:3, 3]).astype(np.float32)
        return cls(rays @ rotation.T, translation)

    def depth_ratio(self, inverse_depth: np.ndarray) -> np.ndarray:
        """Depth in the other view by the depth in this one, (H, W), positive."""
        ratio = self.far[..., 2] + self.near[2] * inverse_depth
        return np.maximum(ratio, np.float32(SMALLEST_DEPTH_RATIO))

    def pixels(self, inverse_depth: np.ndarray) -> np.ndarray:
        """(H, W, 2) float32 for inverse depths (H, W); far outside if behind the other camera."""
        scale = 1 / self.depth_ratio(inverse_depth)
        x = (self.far[..., 0] + self.near[0] * inverse_depth) * scale
        y = (self.far[..., 1] + self.near[1] * inverse_depth) * scale
        return np.stack((x, y), -1)

    def nearest_pixels(
        self, seen_at: np.ndarray, inverse_depth: np.ndarray, depth_error: float
    ) -> np.ndarray:
        """Of the pixels where a still point may be seen, the nearest to `seen_at` (H, W, 2).

        The depth may be wrong by the factor 1 + `depth_error` in both directions, so that these
        pixels form a piece of the epipolar line.
        """
        factor = np.float32(1 + depth_error)
        start = self.pixels(inverse_depth / factor)
        along = self.pixels(inverse_depth * factor) - start
        x, y = along[..., 0], along[..., 1]
        offset = seen_at - start
        reach = offset[..., 0] * x + offset[..., 1] * y
        share = np.clip(reach / np.maximum(x * x + y * y, np.float32(1e-9)), 0, 1)
        return start + share[..., None] * along


def distance(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Between pixels (..., 2), as (...)."""
    x, y = np.moveaxis(first - second, -1, 0)
    return np.sqrt(x * x + y * y)


def inside(pixels: np.ndarray) -> np.ndarray:
    """(H, W) bool: which of the pixels (H, W, 2) lie in an image of that size."""
    height, width = pixels.shape[:2]
    x, y = pixels[..., 0], pixels[..., 1]
    return (x >= 0) & (y >= 0) & (x <= width - 1) & (y <= height - 1)
