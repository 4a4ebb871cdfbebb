"""Lines as a visualization_msgs/Marker, and back."""

from __future__ import annotations

import numpy as np
from geometry_msgs.msg import Point
from std_msgs.msg import ColorRGBA, Header
from visualization_msgs.msg import Marker


def to_lines(
    ends: np.ndarray, name: str, colour: tuple[int, int, int], width_m: float, header: Header
) -> Marker:
    """Lines with ends (N, 2, 3) in place of those of this name before; without any, none."""
    red, green, blue = (value / 255 for value in colour)
    marker = Marker(header=header, ns=name, type=Marker.LINE_LIST)
    marker.action = Marker.ADD if len(ends) else Marker.DELETE
    marker.pose.orientation.w = 1.0
    marker.scale.x = width_m
    marker.color = ColorRGBA(r=red, g=green, b=blue, a=1.0)
    marker.points = [Point(x=x, y=y, z=z) for x, y, z in ends.reshape(-1, 3).tolist()]
    return marker


def from_lines(marker: Marker) -> np.ndarray:
    """Ends (N, 2, 3) of a marker's lines. Raises ValueError for a marker of another kind."""
    if marker.action != Marker.ADD:
        return np.empty((0, 2, 3))
    if marker.type != Marker.LINE_LIST or len(marker.points) % 2:
        raise ValueError(f"a marker of type {marker.type} with {len(marker.points)} points")
    return np.reshape([(point.x, point.y, point.z) for point in marker.points], (-1, 2, 3))
