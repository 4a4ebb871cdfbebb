"""Where the camera is in the map: the node's odometry says so, or TF where that tracks the base."""

from __future__ import annotations

import numpy as np
import tf2_ros
from nav_msgs.msg import Odometry
from rclpy.node import Node
from rclpy.time import Time

from mem4d_ros.ros.conversions.pose import pose_to_matrix, transform_to_matrix
from mem4d_ros.ros.robot.tf import ForgetfulBuffer


class CameraPlace:
    """Used by the executor's thread. TF is listened to only if it is needed."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._odometry: Odometry | None = None
        self._buffer: ForgetfulBuffer | None = None
        self._listener: tf2_ros.TransformListener | None = None

    def on_odometry(self, message: Odometry) -> None:
        """The newest pose of what the node tracks."""
        self._odometry = message

    def map_from_camera(self, camera_frame: str) -> np.ndarray | None:
        """The newest pose (4, 4); None while it is not known."""
        tracked = self._odometry
        if tracked is None:
            return None
        if tracked.child_frame_id == camera_frame:
            return pose_to_matrix(tracked.pose.pose)
        try:
            found = self._tf().lookup_transform(tracked.header.frame_id, camera_frame, Time())
        except tf2_ros.TransformException:
            return None  # TF has only begun to be heard, or does not know the camera
        return transform_to_matrix(found.transform)

    def _tf(self) -> ForgetfulBuffer:
        if self._buffer is None:
            self._buffer = ForgetfulBuffer()
            self._listener = tf2_ros.TransformListener(self._buffer, self._node)
        return self._buffer
