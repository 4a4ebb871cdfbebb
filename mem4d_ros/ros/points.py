"""Pointmaps of a reconstruction as the points of a cloud."""

import numpy as np

from mem4d_ros.geometry import transform_points
from mem4d_ros.ros.frames import Placement
from mem4d_ros.ros.settings import Settings
from mem4d_ros.runtime import ColouredPoints, Reconstruction, select_points


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
    return moved_to_map(selected, placement)


def points_in_camera(reconstruction: Reconstruction, settings: Settings) -> ColouredPoints:
    """The self-view pointmap's points that pass the filter, in the optical frame."""
    return select_points(
        reconstruction.points_camera,
        reconstruction.confidence_camera,
        reconstruction.image,
        np.zeros(3),
        settings.points.filter(),
    )


def moved_to_map(points: ColouredPoints, placement: Placement) -> ColouredPoints:
    """Points of the world, in the map."""
    map_from_world = placement.map_from_world.astype(np.float32)
    moved = transform_points(map_from_world, points.positions)
    return ColouredPoints(moved, points.colours, points.confidences)
