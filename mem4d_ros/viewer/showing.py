"""From a reconstruction to what there is to see of it, in a z-up map."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from mem4d_ros.geometry import BODY_FROM_OPTICAL
from mem4d_ros.runtime import ColouredPoints, move_points
from mem4d_ros.viewer.scene import Changes, ViewedCamera

MAP_FROM_WORLD = BODY_FROM_OPTICAL
"""The first camera is level in the map and looks along its x axis."""


def in_map(points: ColouredPoints) -> ColouredPoints:
    """Points of the world, in the map."""
    moved = move_points(MAP_FROM_WORLD, points.positions)
    return ColouredPoints(moved, points.colours, points.confidences)


def shown(
    image: np.ndarray,
    depth: np.ndarray,
    camera_to_world: np.ndarray,
    intrinsics: np.ndarray,
    points: Callable[[np.ndarray], ColouredPoints],
    moving: np.ndarray,
) -> Changes:
    """A frame (H, W), whose pixels `moving` (H, W) bool move of their own.

    `points` gives the points in the world of the pixels where an array (H, W) is true.
    """
    height, width = depth.shape
    return Changes(
        frame=in_map(points(~moving)),
        moving=in_map(points(moving)),
        camera=ViewedCamera(MAP_FROM_WORLD @ camera_to_world, intrinsics, width, height),
        image=image,
        depth=depth,
    )
