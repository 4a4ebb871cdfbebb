"""Pointmaps of a reconstruction as the points of a cloud."""

from __future__ import annotations

import numpy as np

from mem4d_ros.ros.interface.settings import PointSettings, Settings
from mem4d_ros.ros.robot.placers import Placement
from mem4d_ros.runtime import ColouredPoints, Reconstruction, move_points, select_points
from mem4d_ros.runtime.points import between_heights, heights_of, one_per_voxel


def points_in_map(
    reconstruction: Reconstruction,
    placement: Placement,
    settings: Settings,
    where: np.ndarray | None = None,
) -> ColouredPoints:
    """The global pointmap's points that pass the filter, in the map; of the pixels (H, W) only."""
    confidence = reconstruction.confidence_world
    if where is not None:
        confidence = np.where(where, confidence, -np.inf)
    selected = select_points(
        reconstruction.points_world,
        confidence,
        reconstruction.image,
        reconstruction.camera_to_world[:3, 3],
        settings.points.filter(),
    )
    return _thinned(moved_to_map(selected, placement), np.eye(4), settings.points)


def points_in_camera(
    reconstruction: Reconstruction, placement: Placement | None, settings: Settings
) -> ColouredPoints:
    """The self-view pointmap's points that pass the filter, in the optical frame.

    A placement is needed where the settings limit heights.
    """
    selected = select_points(
        reconstruction.points_camera,
        reconstruction.confidence_camera,
        reconstruction.image,
        np.zeros(3),
        settings.points.filter(),
    )
    map_from_camera = None if placement is None else placement.map_from_camera
    return _thinned(selected, map_from_camera, settings.points)


def moved_to_map(points: ColouredPoints, placement: Placement) -> ColouredPoints:
    """Points of the world, in the map."""
    moved = move_points(placement.map_from_world, points.positions)
    return ColouredPoints(moved, points.colours, points.confidences)


def _thinned(
    points: ColouredPoints, map_from_points: np.ndarray | None, settings: PointSettings
) -> ColouredPoints:
    """Without those too low or too high in the map, and one a voxel of their own frame."""
    if settings.limits_height:
        assert map_from_points is not None
        heights = heights_of(points.positions, map_from_points)
        points = between_heights(points, heights, settings.min_height, settings.max_height)
    if settings.voxel_size > 0:
        points = one_per_voxel(points, settings.voxel_size)
    return points
