"""A robot that knows its way: a mounted camera, and odometry as wheels would give it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from nav_msgs.msg import Odometry
from rclpy.qos import QoSProfile

from mem4d_ros.geometry import BODY_FROM_OPTICAL, rigid_inverse
from mem4d_ros.ros.conversions.pose import matrix_to_pose
from mem4d_ros.ros.conversions.stamps import ns_to_stamp

# The camera is 0.3 m ahead of the base and 0.5 m above it, and looks forward.
BASE_FROM_CAMERA = np.array([[0, 0, 1, 0.3], [-1, 0, 0, 0], [0, -1, 0, 0.5], [0, 0, 0, 1.0]])
BASE_TO_CAMERA = "0.3 0 0.5 -1.5707963267948966 0 -1.5707963267948966"


def odom_from_base(camera_to_world: np.ndarray, scale: float = 1.0) -> np.ndarray:
    """Where such a robot is whose camera is there (4, 4), if the world is `scale` times as large.

    Odometry begins 3 m ahead, turned by 90 degrees.
    """
    odom_from_world = np.array([[0, -1, 0, 3], [1, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1.0]])
    in_metres = camera_to_world.copy()
    in_metres[:3, 3] *= scale
    return odom_from_world @ BODY_FROM_OPTICAL @ in_metres @ rigid_inverse(BASE_FROM_CAMERA)


def odometry(
    stamp_s: float, pose: np.ndarray, frame_id: str = "odom", child_frame_id: str = "base_link"
) -> Odometry:
    """A message that tells a pose (4, 4)."""
    message = Odometry(child_frame_id=child_frame_id)
    message.header.frame_id = frame_id
    message.header.stamp = ns_to_stamp(round(stamp_s * 1e9))
    message.pose.pose = matrix_to_pose(pose)
    return message


class Ear:
    """A node that subscribes, and nothing else: messages are put into `hear`."""

    def __init__(self) -> None:
        self.subscribed: list[str] = []

    def resolve_topic_name(self, name: str) -> str:
        return f"/{name}"

    def create_subscription(
        self,
        message_type: type[Odometry],
        name: str,
        callback: Callable[[Odometry], None],
        qos: QoSProfile,
    ) -> None:
        self.subscribed.append(name)
        self.hear = callback
