"""External knowledge of the robot: mounting of the camera, and odometry."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from rclpy.node import Node

from mem4d_ros.geometry import rigid_inverse
from mem4d_ros.geometry.pose_text import parse_pose
from mem4d_ros.ros.interface.settings import Settings
from mem4d_ros.ros.reporting import Reporter
from mem4d_ros.ros.robot.odometry import OdometrySource, TopicOdometry
from mem4d_ros.ros.robot.placers import Extrinsics, ExtrinsicsError, PlaceSensor
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

    def camera_in_odometry(self, camera_frame: str, stamp_ns: int) -> np.ndarray | None:
        """odom_from_camera (4, 4) at once, about that time.

        None where it is not known, or nothing else asks for an odometry.
        """
        if not self._settings.asks_for_odometry:
            return None
        odom_from_base = self.odom_from_base.about(stamp_ns)
        if odom_from_base is None:
            return None
        try:
            return odom_from_base @ self.base_from_camera(camera_frame, stamp_ns)
        except ExtrinsicsError:  # is said where frames are placed
            return None

    @cached_property
    def camera_from_sensor(self) -> PlaceSensor:
        """Another sensor's place in the camera's frame: TF's, with tf.base_to_camera if given."""
        given = self._settings.tf.base_to_camera
        if not given:
            return self._tf.camera_from_sensor
        tf, base_frame = self._tf, self._settings.frames.base
        camera_from_base = rigid_inverse(parse_pose(given))

        def camera_from_sensor(
            camera_frame: str, image_ns: int, sensor_frame: str, scan_ns: int
        ) -> np.ndarray:
            base_from_sensor = tf.camera_from_sensor(base_frame, image_ns, sensor_frame, scan_ns)
            return np.asarray(camera_from_base @ base_from_sensor)

        return camera_from_sensor

    @cached_property
    def _tf(self) -> TfInput:
        return TfInput(self._node, self._settings.frames)
