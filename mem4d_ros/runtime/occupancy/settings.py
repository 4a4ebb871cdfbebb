"""Settings of the occupancy grid."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class OccupancySettings:
    """Sizes and rules of an occupancy grid. Raises ValueError for invalid values.

    Attributes:
        resolution_m: side of a cell.
        min_height_m, max_height_m: heights above the floor between which a point is an obstacle;
            what is as near to the floor as the former is the floor.
        max_range_m: maximum distance from the camera at which space counts as seen through.
        max_cells: maximum number of cells; beyond it the grid is cut about the newest camera.
        min_points: points of the static map in a cell and the 8 beside it that make it occupied.
        min_views: views that have seen through a cell before it is free.
        range_margin: by which a line of sight ends before what it meets, relative to the distance
            there; the relative error of depth.
    """

    resolution_m: float = 0.05
    min_height_m: float = 0.15
    max_height_m: float = 2.0
    max_range_m: float = 5.0
    max_cells: int = 4_000_000
    min_points: int = 3
    min_views: int = 2
    range_margin: float = 0.05

    def __post_init__(self) -> None:
        for name in ("resolution_m", "min_height_m", "max_range_m", "max_cells"):
            if not getattr(self, name) > 0:
                raise ValueError(f"occupancy: {name} is {getattr(self, name)}, must be > 0")
        if not self.min_height_m < self.max_height_m:
            raise ValueError(
                f"occupancy: min_height_m {self.min_height_m} is not below max_height_m,"
                f" {self.max_height_m}: nothing would be an obstacle"
            )

    @property
    def middle_height_m(self) -> float:
        """A line of sight above it says nothing of what stands on the floor."""
        return (self.min_height_m + self.max_height_m) / 2
