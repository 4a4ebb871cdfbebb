"""The ROS 2 node: the only layer that imports rclpy and messages."""

from __future__ import annotations

from mem4d_ros.openmp import wait_briefly

wait_briefly()  # here, as whatever else is imported may load torch
