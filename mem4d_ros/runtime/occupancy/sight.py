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
        frames: that saw it.
    """

    centre: np.ndarray
    near: np.ndarray
    far: np.ndarray
    met: np.ndarray
    frames: int


def sight_of(view: View, floor_from_world: np.ndarray, settings: OccupancySettings) -> Sight:
    """The sight of a view over a floor (4, 4).

    Each pixel's ray tells of the space it crosses between the floor and the middle of the heights
    that count: what is above says nothing of what stands below it. The nearest obstacle of a
    direction ends it, and one that moves does so, too, but counts as none.
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
    near, met = np.full(BEARINGS, np.inf), np.full(BEARINGS, np.inf)
    far, ends = np.zeros(BEARINGS), np.full(BEARINGS, np.inf)
    np.minimum.at(near, bearing[crosses], enters[crosses])
    np.maximum.at(far, bearing[crosses], leaves[crosses])
    np.minimum.at(ends, bearing[is_obstacle], distance[is_obstacle])
    still = is_obstacle & ~view.moving.reshape(-1)[usable]
    np.minimum.at(met, bearing[still], distance[still])
    far = np.minimum(far, ends * (1 - settings.range_margin) - settings.resolution_m)
    near = np.minimum(near, settings.max_range_m)
    far = np.where(far > near, far, 0.0)
    return Sight(floor_from_camera[:2, 3], near, far, met, view.frames)


def draw(
    sight: Sight, mask: np.ndarray, origin: np.ndarray, resolution_m: float, value: int
) -> None:
    """Fill the cells of a mask (H, W) uint8 that a sight sees through; `origin` (2,) is its corner.

    Each direction is a sector with straight ends.
    """
    for reach, colour in ((sight.far, value), (np.minimum(sight.near, sight.far), 0)):
        corners = sight.centre + reach[:, None, None] * SECTORS  # (BEARINGS, 2 corners, 2)
        cells = (corners.reshape(-1, 2) - origin) / resolution_m - 0.5  # of centres
        fixed = np.rint(cells * (1 << SHIFT)).astype(np.int32)
        cv2.fillPoly(mask, [fixed], colour, lineType=cv2.LINE_8, shift=SHIFT)


SHIFT = 8
"""Bits behind the point of a corner's coordinates."""
_EDGES = np.arange(BEARINGS + 1) * (2 * np.pi / BEARINGS)
SECTORS = np.stack((_EDGES[:-1], _EDGES[1:]), axis=-1)
SECTORS = np.stack((np.cos(SECTORS), np.sin(SECTORS)), axis=-1)  # (BEARINGS, 2, 2)


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
