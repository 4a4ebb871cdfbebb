"""TF in: where the camera is on the robot, and the robot in its odometry, at an image's stamp."""

from __future__ import annotations

import numpy as np
import tf2_ros
from rclpy.duration import Duration
from rclpy.node import Node
from rclpy.time import Time

from mem4d_ros.ros.conversions.pose import transform_to_matrix
from mem4d_ros.ros.interface.settings import FrameSettings
from mem4d_ros.ros.robot.odometry import PATIENCE_S, OdometryMissing
from mem4d_ros.ros.robot.placers import ExtrinsicsError


class TfInput:
    """Looks up received transforms. Thread-safe."""

    def __init__(self, node: Node, frames: FrameSettings) -> None:
        self._frames = frames
        self._buffer = tf2_ros.Buffer()
        self._listener = tf2_ros.TransformListener(self._buffer, node)

    def base_from_camera(self, camera_frame: str, stamp_ns: int) -> np.ndarray:
        """The camera's pose (4, 4) on the robot. Raises ExtrinsicsError."""
        base_frame = self._frames.base
        try:
            return self._lookup(base_frame, camera_frame, stamp_ns, patience_s=0.0)
        except tf2_ros.TransformException as error:
            raise ExtrinsicsError(
                f"TF has no transform from '{camera_frame}' to '{base_frame}' ({error}), so"
                " that nothing can be placed in the map: publish it, as robot_state_publisher does,"
                " or set tf.base_to_camera"
            ) from error

    def odom_from_base(self, stamp_ns: int) -> np.ndarray:
        """The base's pose (4, 4) in the odometry's frame. Raises OdometryMissing."""
        base_frame, odom_frame = self._frames.base, self._frames.odom
        try:
            return self._lookup(odom_frame, base_frame, stamp_ns, PATIENCE_S)
        except tf2_ros.TransformException as error:
            raise OdometryMissing(
                f"TF has no transform from '{base_frame}' to '{odom_frame}' ({error}): let the"
                " odometry publish it, or set external_odometry.source to topic"
            ) from error

    def _lookup(self, target: str, source: str, stamp_ns: int, patience_s: float) -> np.ndarray:
        """target_from_source (4, 4)."""
        found = self._buffer.lookup_transform(
            target, source, Time(nanoseconds=stamp_ns), Duration(seconds=patience_s)
        )
        return transform_to_matrix(found.transform)
