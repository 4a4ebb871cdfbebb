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
    """(N,) bool: points (N, 3) that lie in front of what the frame sees in their place.

    In front by more than the margin and a voxel, of the nearest of 3x3 pixels, so that the edges of
    things stay. Pixels without depth see through nothing.
    """
    rotation = world_to_camera[:3, :3].astype(np.float32)
    points = points_world @ rotation.T + world_to_camera[:3, 3].astype(np.float32)
    depth = points[:, 2]
    in_front = depth > SMALLEST_DEPTH_M
    scale = 1 / np.where(in_front, depth, np.float32(1))
    k = reconstruction.intrinsics.astype(np.float32)
    columns = k[0, 0] * points[:, 0] * scale + k[0, 2]
    rows = k[1, 1] * points[:, 1] * scale + k[1, 2]
    known = reconstruction.confidence_camera > 0
    surface = cv2.erode(np.where(known, reconstruction.depth, np.float32(0)), NEIGHBOURHOOD)
    height, width = surface.shape
    u, v = np.rint(columns), np.rint(rows)
    visible = in_front & (u >= 0) & (v >= 0) & (u < width) & (v < height)
    behind = np.zeros(len(points), np.float32)
    behind[visible] = surface[v[visible].astype(int), u[visible].astype(int)]
    least = behind * np.float32(1 - settings.carve_margin) - np.float32(settings.voxel_size_m)
    return visible & (depth < least)
