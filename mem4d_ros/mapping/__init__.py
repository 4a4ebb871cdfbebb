"""The geometric back-end: tracking, landmarks, keyframes, bundle adjustment.

It knows neither ROS nor the network: depth comes in as an argument.
"""

from __future__ import annotations

from mem4d_ros.mapping.adjustment import Adjuster, Aside, AtOnce
from mem4d_ros.mapping.keyframes import DenseView, Keyframe, Map
from mem4d_ros.mapping.landmarks import Landmarks
from mem4d_ros.mapping.odometry import Estimate, Odometry, Settled
from mem4d_ros.mapping.tracks import Tracks

STATE = (Odometry, AtOnce, Map, Keyframe, DenseView, Landmarks, Tracks, Estimate)
"""All that an odometry is made of while no adjustment is in work, besides arrays and numbers."""

__all__ = [
    "STATE",
    "Adjuster",
    "Aside",
    "AtOnce",
    "DenseView",
    "Estimate",
    "Map",
    "Odometry",
    "Settled",
]
