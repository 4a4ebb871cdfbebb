"""An odometry that began elsewhere, and has metres of its own."""

from __future__ import annotations

import numpy as np

from mem4d_ros.geometry import pose_from_rotation
from mem4d_ros.mapping import ExternalPose
from mem4d_ros.mapping.rotations import exponential

METRE = 0.7
"""Of the odometry's are so many of the map's."""
ODOM_FROM_WORLD = pose_from_rotation(
    exponential(np.array([0.0, 0.0, 2.0])), np.array([-80.0, 5.0, 0.0])
)


def told(camera_to_world: np.ndarray) -> ExternalPose:
    """What it says, without error, of a camera's pose (4, 4)."""
    pose = camera_to_world.copy()
    pose[:3, 3] /= METRE
    return ExternalPose(ODOM_FROM_WORLD @ pose, METRE)
