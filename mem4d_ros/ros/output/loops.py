"""Where loops were closed, for the eye: ~/loops."""

from __future__ import annotations

import numpy as np
from rclpy.node import Node
from std_msgs.msg import Header

from mem4d_ros.geometry import transform_points
from mem4d_ros.mapping import Correction
from mem4d_ros.ros.conversions.lines import to_lines
from mem4d_ros.ros.interface import topics
from mem4d_ros.ros.robot.placers import Placement

NAME = "loops"
COLOUR = (255, 60, 220)
WIDTH_M = 0.02


class LoopOutput:
    """Publishes the links of all loops when one has closed. Used by one thread."""

    def __init__(self, node: Node) -> None:
        self._publisher = topics.LOOPS.publisher(node)
        self._links: np.ndarray | None = None  # (L, 2, 3) in the world, that are yet to be told
        self._has_published = False

    def restart(self, header: Header) -> None:
        """A new world begins: links of the one before must not stay latched."""
        self._links = None
        if self._has_published:
            self._send(np.empty((0, 2, 3)), header)

    def note(self, correction: Correction) -> None:
        """A loop has closed."""
        self._links = correction.links

    def publish(self, placement: Placement, header: Header) -> None:
        """Publish what has changed, if anything has; the header is in the map."""
        if self._links is None:
            return
        self._send(transform_points(placement.map_from_world, self._links), header)
        self._links = None

    def _send(self, links: np.ndarray, header: Header) -> None:
        self._publisher.publish(to_lines(links, NAME, COLOUR, WIDTH_M, header))
        self._has_published = bool(len(links))
