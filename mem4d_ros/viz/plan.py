"""A map to plan in, with what stands there in its colours and the path of the camera."""

from __future__ import annotations

import cv2
import numpy as np

from mem4d_ros.geometry import rigid_inverse, transform_points
from mem4d_ros.runtime import ColouredPoints
from mem4d_ros.runtime.occupancy import FREE, OCCUPIED, UNKNOWN, Grid
from mem4d_ros.viz.cloud import path_colour

GROUNDS = {FREE: (255, 255, 255), OCCUPIED: (40, 44, 52), UNKNOWN: (205, 209, 214)}
TINT = {FREE: 0.35, OCCUPIED: 0.75, UNKNOWN: 0.0}
"""How much of the points' colour the cells take on."""
MARGIN_CELLS = 4
"""Between the path and the picture's edge."""
HEADROOM_M = 2.0
"""Points higher above the floor, as of ceilings, colour nothing."""


def plan_picture(
    grid: Grid,
    cloud: ColouredPoints,
    camera_to_world: np.ndarray,
    map_from_world: np.ndarray,
    size: tuple[int, int] = (640, 480),
) -> np.ndarray:
    """The grid from above, the first camera's view upwards, as a picture of `size` (width, height).

    White cells are free, grey ones unknown; occupied ones, and a little the free ones, have the
    colour of the highest point over them. camera_to_world (T, 4, 4); map_from_world (4, 4).
    """
    floor_from_world = rigid_inverse(grid.map_from_floor) @ map_from_world
    picture = np.zeros((*grid.cells.shape, 3))
    colours, seen = _highest_colours(
        grid, transform_points(floor_from_world, cloud.positions), cloud
    )
    for value, ground in GROUNDS.items():
        picture[grid.cells == value] = ground
        tinted = seen & (grid.cells == value)
        picture[tinted] += TINT[value] * (colours[tinted] - picture[tinted])
    upright = np.rot90(picture, 2).transpose(1, 0, 2)  # x upwards, y to the left
    centres = transform_points(floor_from_world, camera_to_world[:, :3, 3])
    cells = np.array(grid.cells.shape[::-1]) - (centres[:, :2] - grid.origin) / grid.resolution_m
    return _with_path(upright.astype(np.uint8), cells[:, ::-1], np.array(size))


def _with_path(picture: np.ndarray, path: np.ndarray, size: np.ndarray) -> np.ndarray:
    """The picture in the middle of one of `size`, with room for a path (T, 2) of its pixels."""
    extent = np.array(picture.shape[1::-1])
    low = np.floor(np.minimum(path.min(0) - MARGIN_CELLS, 0)).astype(int)
    high = np.ceil(np.maximum(path.max(0) + MARGIN_CELLS, extent)).astype(int)
    shape = np.ceil(size * ((high - low) / size).max()).astype(int)  # as wide by high as `size`
    left, top = corner = (shape - (high - low)) // 2 - low
    roomy = np.full((*shape[::-1], 3), GROUNDS[UNKNOWN], np.uint8)
    roomy[top : top + extent[1], left : left + extent[0]] = picture
    drawn = cv2.resize(roomy, size.tolist(), interpolation=cv2.INTER_NEAREST)
    _draw_path(drawn, (path + corner) * size / shape)
    return drawn


def _highest_colours(
    grid: Grid, points: np.ndarray, cloud: ColouredPoints
) -> tuple[np.ndarray, np.ndarray]:
    """Colour (H, W, 3) of the highest of the points (N, 3) over each cell, and whether any is."""
    colours = np.zeros((*grid.cells.shape, 3))
    seen = np.zeros(grid.cells.shape, bool)
    cells = np.floor((points[:, :2] - grid.origin) / grid.resolution_m).astype(int)
    inside = ((cells >= 0) & (cells < grid.cells.shape[::-1])).all(-1) & (points[:, 2] < HEADROOM_M)
    order = np.flatnonzero(inside)[
        np.argsort(points[inside, 2])
    ]  # the highest comes last, and stays
    where = (cells[order, 1], cells[order, 0])
    colours[where], seen[where] = cloud.colours[order], True
    return colours, seen


def _draw_path(picture: np.ndarray, pixels: np.ndarray) -> None:
    """The path (T, 2), x to the right and y down, from orange to red; a dot where it began."""
    points = np.rint(pixels).astype(int).tolist()
    for index in range(len(points) - 1):
        colour = path_colour(index / max(len(points) - 2, 1))
        cv2.line(picture, points[index], points[index + 1], colour, 2, cv2.LINE_AA)
    cv2.circle(picture, points[0], 5, path_colour(0.0), -1, cv2.LINE_AA)
