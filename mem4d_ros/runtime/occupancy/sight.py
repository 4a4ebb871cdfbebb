"""How far a view sees over the floor in each direction: a scan, as of a planar lidar."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from mem4d_ros.geometry import pixel_rays
from mem4d_ros.runtime.occupancy.settings import OccupancySettings
from mem4d_ros.runtime.occupancy.views import View

BEARINGS = 360
"""Directions, about the floor's z from its x on."""


@dataclass(frozen=True)
class Sight:
    """What one view sees, about the place of its camera.

    Attributes:
        centre: (2,), the camera over the floor, metres.
        near, far: (BEARINGS,), metres between which there is nothing from the floor up to where
            the view looks; far is 0 where it sees nothing.
        met: (BEARINGS,), distance of the obstacle that ends it, inf without one.
        hollow_near, hollow_far: (BEARINGS,), metres between which it looks below the floor; the
            latter is 0 where it does not.
    """

    centre: np.ndarray
    near: np.ndarray
    far: np.ndarray
    met: np.ndarray
    hollow_near: np.ndarray
    hollow_far: np.ndarray


def sight_of(view: View, floor_from_world: np.ndarray, settings: OccupancySettings) -> Sight:
    """The sight of a view over a floor (4, 4).

    Each pixel's ray tells of the space it crosses between the floor and the middle of the heights
    that count: what is above says nothing of what stands below it. The nearest obstacle of a
    direction ends it, and so do one that moves, which is not met, and a hole in the floor.
    """
    floor_from_camera = floor_from_world @ view.camera_to_world
    height, width = view.depth.shape
    rays = pixel_rays(view.intrinsics, height, width).reshape(-1, 3) @ floor_from_camera[:3, :3].T
    depth = view.depth.reshape(-1).astype(np.float64)
    run = np.hypot(rays[:, 0], rays[:, 1])  # over the floor, by depth
    usable = np.isfinite(depth) & (depth > 0) & (run > 1e-6)
    rays, depth, run = rays[usable], depth[usable], run[usable]
    camera_height = floor_from_camera[2, 3]
    distance = depth * run
    rise = rays[:, 2] / run  # height by distance
    end_height = camera_height + rise * distance
    lowest = np.maximum(settings.min_height_m, settings.range_margin * camera_height)
    is_obstacle = (end_height > lowest) & (end_height < settings.max_height_m)
    end = np.minimum(distance * (1 - settings.range_margin), settings.max_range_m)
    enters, leaves = _between(camera_height, rise, 0.0, settings.middle_height_m)
    leaves = np.minimum(leaves, end)
    crosses = leaves > enters
    bearing = _bearings(rays)
    is_hole = end_height < -lowest
    near, met = np.full(BEARINGS, np.inf), np.full(BEARINGS, np.inf)
    far, ends = np.zeros(BEARINGS), np.full(BEARINGS, np.inf)
    np.minimum.at(near, bearing[crosses], enters[crosses])
    np.maximum.at(far, bearing[crosses], leaves[crosses])
    np.minimum.at(ends, bearing[is_obstacle], distance[is_obstacle])
    hollow_near, hollow_far = np.full(BEARINGS, np.inf), np.zeros(BEARINGS)
    np.minimum.at(hollow_near, bearing[is_hole], -camera_height / rise[is_hole])
    np.maximum.at(hollow_far, bearing[is_hole], distance[is_hole])
    ends = np.minimum(ends, hollow_near)
    still = is_obstacle & ~view.moving.reshape(-1)[usable]
    np.minimum.at(met, bearing[still], distance[still])
    far = np.minimum(far, ends * (1 - settings.range_margin) - settings.resolution_m)
    near = np.minimum(near, settings.max_range_m)
    far = np.where(far > near, far, 0.0)
    hollow_far = np.minimum(hollow_far, settings.max_range_m)
    hollow_near = np.minimum(hollow_near, settings.max_range_m)
    return Sight(floor_from_camera[:2, 3], near, far, met, hollow_near, hollow_far)


def draw(
    centre: np.ndarray,
    near: np.ndarray,
    far: np.ndarray,
    mask: np.ndarray,
    origin: np.ndarray,
    resolution_m: float,
) -> None:
    """Set to 1 the cells of a mask (H, W) uint8 that lie between near and far (BEARINGS,) metres.

    Each direction from `centre` (2,) is a sector with straight ends; `origin` (2,) is the corner of
    the mask.
    """
    for reach, value in ((far, 1), (np.minimum(near, far), 0)):
        cells = (corners_of(centre, reach).reshape(-1, 2) - origin) / resolution_m - 0.5
        fixed = np.rint(cells * (1 << SHIFT)).astype(np.int32)  # of centres of cells
        cv2.fillPoly(mask, [fixed], value, lineType=cv2.LINE_8, shift=SHIFT)


SHIFT = 8
"""Bits behind the point of a corner's coordinates."""
_EDGES = np.arange(BEARINGS + 1) * (2 * np.pi / BEARINGS)
SECTORS = np.stack((_EDGES[:-1], _EDGES[1:]), axis=-1)
SECTORS = np.stack((np.cos(SECTORS), np.sin(SECTORS)), axis=-1)  # (BEARINGS, 2, 2)


def corners_of(centre: np.ndarray, reach: np.ndarray) -> np.ndarray:
    """Both far corners (BEARINGS, 2, 2) of the sectors about `centre` (2,), as far as they reach.

    Args:
        reach: (BEARINGS,), metres.
    """
    corners: np.ndarray = centre + reach[:, None, None] * SECTORS
    return corners


def _bearings(directions: np.ndarray) -> np.ndarray:
    """The number (N,) of the sector of directions (N, 3)."""
    turns = np.arctan2(directions[:, 1], directions[:, 0]) / (2 * np.pi)
    return np.floor(turns * BEARINGS).astype(int) % BEARINGS


def _between(
    start: float, rise: np.ndarray, lowest: float, highest: float
) -> tuple[np.ndarray, np.ndarray]:
    """Distances (N,) at which lines of these rises enter and leave a band of heights.

    A line that never is in the band leaves before it enters.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        first, second = (lowest - start) / rise, (highest - start) / rise
    enters, leaves = np.minimum(first, second), np.maximum(first, second)
    inside = lowest <= start <= highest
    level = rise == 0
    enters = np.where(level, 0.0 if inside else np.inf, np.maximum(enters, 0.0))
    leaves = np.where(level, np.inf if inside else 0.0, leaves)
    return enters, leaves
