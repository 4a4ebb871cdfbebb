"""External knowledge of the robot: mounting of the camera, and odometry."""

from __future__ import annotations

from functools import cached_property

from rclpy.node import Node

from mem4d_ros.ros.conversions.pose import parse_pose
from mem4d_ros.ros.interface.settings import Settings
from mem4d_ros.ros.reporting import Reporter
from mem4d_ros.ros.robot.odometry import OdometrySource, TopicOdometry
from mem4d_ros.ros.robot.placers import Extrinsics
from mem4d_ros.ros.robot.tf import TfInput


class Robot:
    """Listens only to what is asked for."""

    def __init__(self, node: Node, settings: Settings, reporter: Reporter) -> None:
        self._node = node
        self._settings = settings
        self._reporter = reporter

    @cached_property
    def base_from_camera(self) -> Extrinsics:
        """The camera's place on the robot: tf.base_to_camera, or TF's where that is empty."""
        given = self._settings.tf.base_to_camera
        if not given:
            return self._tf.base_from_camera
        base_from_camera = parse_pose(given)
        return lambda camera_frame, stamp_ns: base_from_camera

    @cached_property
    def odom_from_base(self) -> OdometrySource:
        """The base's place in the external odometry's frame."""
        if self._settings.external_odometry.source == "tf":
            return self._tf.odom_from_base
        return TopicOdometry(self._node, self._settings.frames, self._reporter)

    @cached_property
    def _tf(self) -> TfInput:
        return TfInput(self._node, self._settings.frames)
