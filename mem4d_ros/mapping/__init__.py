"""The geometric back-end: tracking, landmarks, keyframes, bundle adjustment.

It knows neither ROS nor the network: depth comes in as an argument.
"""

from __future__ import annotations

from mem4d_ros.mapping.odometry import Estimate, Odometry, Settled

__all__ = ["Estimate", "Odometry", "Settled"]
