"""A grid as a message, and back."""

from __future__ import annotations

import numpy as np
from std_msgs.msg import Header

from mem4d_ros.geometry import pose_from, transform_points
from mem4d_ros.ros.conversions.grid import from_occupancy_grid, to_occupancy_grid
from mem4d_ros.runtime.occupancy import Grid


def test_cells_come_back_at_their_place_in_the_map() -> None:
    cells = np.random.default_rng(0).choice([-1, 0, 100], (5, 7)).astype(np.int8)
    leaning = pose_from(np.array([0.9, 0.1, 0.2, 0.3]) / np.sqrt(0.95), np.array([1.0, 2.0, 3.0]))
    grid = Grid(cells, np.array([-0.4, 0.6]), 0.1, leaning)
    back = from_occupancy_grid(to_occupancy_grid(grid, Header(frame_id="map"), is_level=False))
    np.testing.assert_array_equal(back.cells, cells)
    corner = np.array([0.2, 0.3, 0.0])  # of the third column and the fourth row
    np.testing.assert_allclose(
        transform_points(back.map_from_floor, corner + np.append(back.origin, 0)),
        transform_points(leaning, corner + np.append(grid.origin, 0)),
        atol=1e-12,
    )
