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

SAME_HEIGHT_M, SAME_COSINE = 0.02, float(np.cos(np.deg2rad(0.5)))
"""A floor that differs by less from the one before is that one: its sights are still right."""


class OccupancyMapper:
    """Makes grids of one world after the other. Not thread-safe.

    The views that were read for the grid before need not be read again.
    """

    def __init__(self, settings: OccupancySettings, up_known: bool) -> None:
        """`up_known`: whether z of the world is up; else the floor alone says what is up."""
        self._settings = settings
        self._up_known = up_known
        self._world_from_floor: np.ndarray | None = None
        self._sights: dict[View, Sight] = {}

    def grid(self, points: np.ndarray, views: Sequence[View]) -> Grid | None:
        """The grid of static points (N, 3) and views of one world; None where no floor is found."""
        cameras = np.array([view.camera_to_world for view in views]).reshape(-1, 4, 4)
        found = find_floor(points, cameras, self._up_known)
        if found is None:
            return None
        before = self._world_from_floor
        if before is None or not _is_same(found, before):
            self._world_from_floor, self._sights = found, {}
        world_from_floor = self._world_from_floor
        assert world_from_floor is not None
        floor_from_world = rigid_inverse(world_from_floor)
        self._sights = {
            view: self._sights.get(view) or sight_of(view, floor_from_world, self._settings)
            for view in views
        }
        heights = transform_points(floor_from_world, points.astype(np.float64))
        return make_grid(heights, list(self._sights.values()), world_from_floor, self._settings)


def _is_same(floor: np.ndarray, other: np.ndarray) -> bool:
    """Whether two floors (4, 4) differ by no more than what a floor is known to."""
    apart = np.abs(floor[:3, 3] - other[:3, 3]).max()
    return bool(apart < SAME_HEIGHT_M and floor[:3, 2] @ other[:3, 2] > SAME_COSINE)
