"""The map to plan in as a picture: where things are, in which colours, and the path."""

from __future__ import annotations

import numpy as np

from mem4d_ros.runtime import ColouredPoints
from mem4d_ros.runtime.occupancy import FREE, OCCUPIED, UNKNOWN, Grid
from mem4d_ros.viz import plan_picture

SIDE = 40
NOTHING = ColouredPoints(
    np.empty((0, 3), np.float32), np.empty((0, 3), np.uint8), np.empty(0, np.float32)
)
AT_THE_CORNER = np.eye(4)[None]


def grid_with(value: int, x: int, y: int) -> Grid:
    """4 by 4 m of unknown cells of 10 cm, and one metre of another value from x, y (metres) on."""
    cells = np.full((SIDE, SIDE), UNKNOWN, np.int8)
    cells[10 * y : 10 * y + 10, 10 * x : 10 * x + 10] = value
    return Grid(cells, np.zeros(2), 0.1, np.eye(4))


def drawn(grid: Grid, cloud: ColouredPoints, pose: np.ndarray) -> np.ndarray:
    """The picture, a camera at x = y = 2 m in its middle."""
    centre = pose.copy()
    centre[:, :2, 3] = 2.0
    return plan_picture(grid, cloud, centre, np.eye(4), size=(400, 400)).astype(int)


def test_x_is_up_and_y_is_left() -> None:
    picture = drawn(grid_with(FREE, x=3, y=0), NOTHING, AT_THE_CORNER)
    white = np.argwhere((picture == 255).all(-1))
    assert picture.shape == (400, 400, 3)
    np.testing.assert_allclose(white.min(0), [0, 300], atol=1)  # top right
    np.testing.assert_allclose(white.max(0), [99, 399], atol=1)


def test_what_stands_has_its_colour_and_what_hangs_has_none() -> None:
    y, x = np.mgrid[1.05:2:0.1, 3.05:4:0.1].reshape(2, -1)
    grid = grid_with(OCCUPIED, x=3, y=1)

    def shelf(height: float) -> ColouredPoints:
        points = np.stack([x, y, np.full_like(x, height)], -1).astype(np.float32)
        red = np.broadcast_to(np.array([220, 0, 0], np.uint8), points.shape)
        return ColouredPoints(points, red, np.ones(len(x), np.float32))

    standing = drawn(grid, shelf(1.0), AT_THE_CORNER)[50, 250]
    hanging = drawn(grid, shelf(2.5), AT_THE_CORNER)[50, 250]
    assert standing[0] > 150
    assert standing[1] < 30
    assert hanging.max() < 60


def test_a_wide_picture_has_the_grid_in_its_middle() -> None:
    given = (grid_with(FREE, x=3, y=0), NOTHING, AT_THE_CORNER + 0.0, np.eye(4))
    given[2][:, :2, 3] = 2.0
    picture = plan_picture(*given, size=(800, 400)).astype(int)
    white = np.argwhere((picture == 255).all(-1))
    np.testing.assert_allclose(white.min(0), [0, 500], atol=1)
    np.testing.assert_allclose(white.max(0), [99, 599], atol=1)


def test_the_path_has_room_where_it_leaves_the_grid() -> None:
    poses = np.stack([np.eye(4)] * 20)
    poses[:, 0, 3] = np.linspace(2, -3, 20)  # backwards, 3 m out of the grid
    poses[:, 1, 3] = 2.0
    picture = plan_picture(grid_with(FREE, 0, 0), NOTHING, poses, np.eye(4)).astype(int)
    reddish = (picture[..., 0] > 180) & (picture[..., 1] < 60)
    assert reddish.any()
    assert np.argwhere(reddish)[:, 0].max() < len(picture) - 1
