"""The grid: what the static map and the views say of each cell of the floor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from mem4d_ros.runtime.occupancy.settings import OccupancySettings
from mem4d_ros.runtime.occupancy.sight import Sight, corners_of, draw

UNKNOWN, FREE, OCCUPIED = -1, 0, 100
"""Values of a cell, as nav_msgs/OccupancyGrid has them."""


@dataclass(frozen=True)
class Grid:
    """Cells of the floor.

    Attributes:
        cells: (H, W) int8, row by row along the floor's y, each along its x.
        origin: (2,), x and y of the corner of the first cell, metres, a multiple of the resolution.
        resolution_m: side of a cell.
        map_from_floor: (4, 4), where the floor is.
        is_cut: whether there is more that has no place in so many cells.
    """

    cells: np.ndarray
    origin: np.ndarray
    resolution_m: float
    map_from_floor: np.ndarray
    is_cut: bool = False


def make_grid(
    points: np.ndarray,
    sights: Sequence[Sight],
    map_from_floor: np.ndarray,
    settings: OccupancySettings,
) -> Grid:
    """The grid of static points (N, 3) of the floor's frame, and what was seen over the floor.

    A cell is occupied where enough points are between the heights that count, whatever was seen
    there: the static map has given up what is gone. It is free where enough views saw through it
    and fewer say no. A floor that is seen makes nothing free: it may be that under a table.
    Where there are only points below the floor, and where nothing tells, it is unknown.
    """
    origin, shape, is_cut = _extent(points, sights, settings)
    obstacles, floor, below = (
        _count(points[part], origin, shape, settings.resolution_m)
        for part in _parts(points[:, 2], settings)
    )
    seen, against = _seen_through(sights, origin, shape, settings)
    around = np.ones((3, 3), np.float32)
    nearby = cv2.filter2D(obstacles, -1, around, borderType=cv2.BORDER_CONSTANT)
    cells = np.full(shape, UNKNOWN, np.int8)
    cells[(seen >= settings.min_views) & (seen > against)] = FREE
    cells[(floor == 0) & (below > 0)] = UNKNOWN
    cells[(obstacles > 0) & (nearby < settings.min_points)] = UNKNOWN
    cells[(obstacles > 0) & (nearby >= settings.min_points)] = OCCUPIED
    return Grid(cells, origin, settings.resolution_m, map_from_floor, is_cut)


def _parts(
    heights: np.ndarray, settings: OccupancySettings
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Which of heights (N,) are obstacles, on the floor, and below it."""
    lowest = settings.min_height_m
    obstacles = (heights > lowest) & (heights < settings.max_height_m)
    return obstacles, np.abs(heights) <= lowest, heights < -lowest


def _extent(
    points: np.ndarray, sights: Sequence[Sight], settings: OccupancySettings
) -> tuple[np.ndarray, tuple[int, int], bool]:
    """Corner (2,) and shape (H, W) of the grid that holds all, and if it was cut for its size.

    It is cut about the newest camera.
    """
    spread = [points[points[:, 2] < settings.max_height_m, :2]]
    for sight in sights:
        spread.append(corners_of(sight.centre, sight.far).reshape(-1, 2))
    places = np.concatenate(spread)
    if not len(places):
        return np.zeros(2), (1, 1), False
    first = np.floor(places.min(0) / settings.resolution_m).astype(int)
    last = np.floor(places.max(0) / settings.resolution_m).astype(int) + 1
    is_cut = bool(np.prod(last - first, dtype=float) > settings.max_cells)
    if is_cut:
        centre = sights[-1].centre if sights else places.mean(0)
        half = int(settings.max_cells**0.5 / 2)
        middle = np.floor(centre / settings.resolution_m).astype(int)
        first, last = np.maximum(first, middle - half), np.minimum(last, middle + half)
    columns, rows = (last - first).tolist()
    return first * settings.resolution_m, (rows, columns), is_cut


def _count(
    points: np.ndarray, origin: np.ndarray, shape: tuple[int, int], resolution_m: float
) -> np.ndarray:
    """The number (H, W) float32 of points (N, 3) over each cell."""
    columns, rows = np.floor((points[:, :2] - origin) / resolution_m + 1e-6).astype(int).T
    inside = (rows >= 0) & (rows < shape[0]) & (columns >= 0) & (columns < shape[1])
    cells = rows[inside] * shape[1] + columns[inside]
    counts = np.bincount(cells, minlength=shape[0] * shape[1])
    return counts.reshape(shape).astype(np.float32)


def _seen_through(
    sights: Sequence[Sight],
    origin: np.ndarray,
    shape: tuple[int, int],
    settings: OccupancySettings,
) -> tuple[np.ndarray, np.ndarray]:
    """How many views saw through each cell, and how many say that it is not free, (H, W) int32.

    They met something there, or looked below the floor.
    """
    seen, against = np.zeros(shape, np.int32), np.zeros(shape, np.int32)
    reach = int(np.ceil(settings.max_range_m / settings.resolution_m)) + 1
    for sight in sights:
        middle = np.floor((sight.centre - origin) / settings.resolution_m).astype(int)
        first = np.clip(middle - reach, 0, shape[::-1])
        last = np.clip(middle + reach + 1, 0, shape[::-1])
        if (last <= first).any():
            continue
        window = (slice(first[1], last[1]), slice(first[0], last[0]))
        corner = origin + first * settings.resolution_m
        for near, far, count in (
            (sight.near, sight.far, seen),
            (sight.hollow_near, sight.hollow_far, against),
        ):
            if far.any():
                mask = np.zeros((last - first)[::-1], np.uint8)
                draw(sight.centre, near, far, mask, corner, settings.resolution_m)
                count[window] += mask
        rows, columns = _met_cells(sight, origin, settings.resolution_m)
        inside = (rows >= 0) & (rows < shape[0]) & (columns >= 0) & (columns < shape[1])
        against[rows[inside], columns[inside]] += 1
    return seen, against


def _met_cells(
    sight: Sight, origin: np.ndarray, resolution_m: float
) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns (N,) of the cells where a sight meets something; none twice."""
    known = np.isfinite(sight.met)
    angles = (np.flatnonzero(known) + 0.5) * (2 * np.pi / len(sight.met))
    ends = sight.centre + sight.met[known, None] * np.stack((np.cos(angles), np.sin(angles)), -1)
    cells = np.unique(np.floor((ends - origin) / resolution_m).astype(int), axis=0)
    return cells[:, 1], cells[:, 0]
