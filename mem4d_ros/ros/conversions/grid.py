"""Grids to nav_msgs/OccupancyGrid, and back."""

from __future__ import annotations

import array

import numpy as np
from nav_msgs.msg import MapMetaData, OccupancyGrid
from std_msgs.msg import Header

from mem4d_ros.geometry import transform_points
from mem4d_ros.ros.conversions.pose import matrix_to_pose, pose_to_matrix
from mem4d_ros.runtime.occupancy import Grid


def to_occupancy_grid(grid: Grid, header: Header, is_level: bool) -> OccupancyGrid:
    """The grid in the frame of `header`, the grid's map.

    Where `is_level`, z of that frame is up, and the few degrees by which the floor was found to
    lean are left out: planners take a map for level. Else its origin leans as the floor does.
    """
    height, width = grid.cells.shape
    origin = grid.map_from_floor.copy()
    if is_level:
        origin[:3, :3] = np.eye(3)
    origin[:3, 3] = transform_points(origin, np.append(grid.origin, 0.0))
    info = MapMetaData(
        map_load_time=header.stamp,
        resolution=grid.resolution_m,
        width=width,
        height=height,
        origin=matrix_to_pose(origin),
    )
    message = OccupancyGrid(header=header, info=info)
    # An array.array is taken as it is; of a list, rclpy checks every single number.
    message.data = array.array("b", grid.cells.tobytes())
    return message


def from_occupancy_grid(message: OccupancyGrid) -> Grid:
    """The cells of a message, whose origin is the floor's own."""
    info = message.info
    cells = np.frombuffer(message.data, np.int8).reshape(info.height, info.width)
    return Grid(cells, np.zeros(2), info.resolution, pose_to_matrix(info.origin))
