"""The ROS 2 node: the only layer that imports rclpy and messages."""

from __future__ import annotations

from mem4d_ros.threads import leave_cores_to_others

leave_cores_to_others()  # here, as whatever else is imported may load torch or NumPy
