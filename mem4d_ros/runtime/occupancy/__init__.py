"""A map to plan in: free, occupied and unknown cells of the floor."""

from __future__ import annotations

from mem4d_ros.runtime.occupancy.floor import find_floor
from mem4d_ros.runtime.occupancy.grid import FREE, OCCUPIED, UNKNOWN, Grid, make_grid
from mem4d_ros.runtime.occupancy.mapper import OccupancyMapper
from mem4d_ros.runtime.occupancy.settings import OccupancySettings
from mem4d_ros.runtime.occupancy.sight import sight_of
from mem4d_ros.runtime.occupancy.views import View, Views

__all__ = [
    "FREE",
    "OCCUPIED",
    "UNKNOWN",
    "Grid",
    "OccupancyMapper",
    "OccupancySettings",
    "View",
    "Views",
    "find_floor",
    "make_grid",
    "sight_of",
]
