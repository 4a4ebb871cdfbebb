"""Landmarks of the back-end, for the eye: ~/landmarks."""

from __future__ import annotations

import time

from rclpy.node import Node
from std_msgs.msg import Header

from mem4d_ros.ros.conversions.cloud import to_point_cloud
from mem4d_ros.ros.interface import topics
from mem4d_ros.ros.output.points import moved_to_map
from mem4d_ros.ros.robot.placers import Placement
from mem4d_ros.runtime import ColouredPoints

PERIOD_S = 1.0


class LandmarkOutput:
    """Publishes landmarks once in a while, where somebody subscribes."""

    def __init__(self, node: Node) -> None:
        self._publisher = topics.LANDMARKS.publisher(node)
        self._due_s = 0.0  # monotonic

    def is_due(self) -> bool:
        """Whether the next frame should bring them. From any thread."""
        return time.monotonic() >= self._due_s and self._publisher.get_subscription_count() > 0

    def publish(self, landmarks: ColouredPoints, placement: Placement, header: Header) -> None:
        """Publish landmarks of the world; the header is in the map."""
        self._due_s = time.monotonic() + PERIOD_S
        self._publisher.publish(to_point_cloud(moved_to_map(landmarks, placement), header))
