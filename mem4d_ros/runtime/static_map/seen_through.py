"""Which points a frame has seen through."""

from __future__ import annotations

import cv2
import numpy as np

from mem4d_ros.runtime.reconstruction import Reconstruction
from mem4d_ros.runtime.static_map.settings import StaticMapSettings

NEIGHBOURHOOD = np.ones((3, 3), np.uint8)
SMALLEST_DEPTH_M = 1e-3


def seen_through(
    points_world: np.ndarray,
    reconstruction: Reconstruction,
    world_to_camera: np.ndarray,
    settings: StaticMapSettings,
) -> np.ndarray:
    """Indices (M,) of the points (N, 3) that lie in front of what the frame sees in their place.

    In front by more than the margin and a voxel, of the nearest of 3x3 pixels, so that the edges of
    things stay. Pixels without depth see through nothing.
    """
    known = reconstruction.confidence_camera > 0
    surface = cv2.erode(np.where(known, reconstruction.depth, np.float32(0)), NEIGHBOURHOOD)
    pixels_from_world = (reconstruction.intrinsics @ world_to_camera[:3]).astype(np.float32)
    seen, columns, rows, depth = _in_view(points_world, pixels_from_world, surface.shape)
    behind = surface[rows, columns]
    least = behind * np.float32(1 - settings.carve_margin) - np.float32(settings.voxel_size_m)
    return seen[depth < least]


def _in_view(
    points_world: np.ndarray, pixels_from_world: np.ndarray, shape: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Which points (N, 3) an image of shape (H, W) shows: indices, columns, rows and depths (M,).

    Most are elsewhere: whether they are is told of all at once, without a division.
    """
    height, width = shape
    across, down, depth = (points_world @ row[:3] + row[3] for row in pixels_from_world)
    found = depth > SMALLEST_DEPTH_M
    for along, size in ((across, width), (down, height)):
        found &= (along >= -0.5 * depth) & (along < (size - 0.5) * depth)
    seen = np.flatnonzero(found)
    across, down, depth = across[seen], down[seen], depth[seen]
    columns, rows = np.rint(across / depth).astype(int), np.rint(down / depth).astype(int)
    return seen, columns.clip(0, width - 1), rows.clip(0, height - 1), depth
