"""From static points and views to a grid, again and again, with what can be kept from before."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mem4d_ros.geometry import rigid_inverse, transform_points
from mem4d_ros.runtime.occupancy.floor import find_floor
from mem4d_ros.runtime.occupancy.grid import Grid, make_grid
from mem4d_ros.runtime.occupancy.settings import OccupancySettings
from mem4d_ros.runtime.occupancy.sight import Sight, sight_of
from mem4d_ros.runtime.occupancy.views import View
from mem4d_ros.runtime.points import move_points

SAME_HEIGHT_M, SAME_COSINE = 0.02, float(np.cos(np.deg2rad(0.5)))
"""A floor that differs by less from the one before is that one: its sights are still right."""


class OccupancyMapper:
    """Makes grids of one world after the other. Not thread-safe.

    The views that were read for the grid before need not be read again.
    """

    def __init__(self, settings: OccupancySettings, up_known: bool) -> None:
        """`up_known`: whether z of the map is up; else the floor alone says what is up."""
        self._settings = settings
        self._up_known = up_known
        self._map_from_floor: np.ndarray | None = None
        self._sights: dict[View, Sight] = {}

    def grid(
        self, points: np.ndarray, views: Sequence[View], map_from_world: np.ndarray
    ) -> Grid | None:
        """The grid, in the map, of static points (N, 3) float32 and views of one world.

        None where no floor is found.
        """
        points = move_points(map_from_world, points)
        cameras = np.array([map_from_world @ view.camera_to_world for view in views])
        found = find_floor(points, cameras.reshape(-1, 4, 4), self._up_known)
        if found is None:
            return None
        if self._map_from_floor is None or not _is_same(found, self._map_from_floor):
            self._map_from_floor, self._sights = found, {}
        floor_from_map = rigid_inverse(self._map_from_floor)
        floor_from_world = floor_from_map @ map_from_world
        self._sights = {
            view: self._sights.get(view) or sight_of(view, floor_from_world, self._settings)
            for view in views
        }
        return make_grid(
            transform_points(floor_from_map, points.astype(np.float64)),
            list(self._sights.values()),
            self._map_from_floor,
            self._settings,
        )


def _is_same(floor: np.ndarray, other: np.ndarray) -> bool:
    """Whether two floors (4, 4) differ by no more than what a floor is known to."""
    apart = np.abs(floor[:3, 3] - other[:3, 3]).max()
    return bool(apart < SAME_HEIGHT_M and floor[:3, 2] @ other[:3, 2] > SAME_COSINE)
