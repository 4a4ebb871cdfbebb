"""What geometry_msgs say of poses, read by their fields."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from mem4d_ros.geometry import pose_from

NORM_TOLERANCE = 0.005
"""Of a quaternion's length, which is about as in TF."""
FARTHEST_M = 1e9
"""Beyond any place on Earth."""


def rigid_matrix(rotation: Any, translation: Any) -> np.ndarray:
    """The matrix (4, 4) of a Quaternion and of a Point or Vector3."""
    quaternion = np.array([rotation.w, rotation.x, rotation.y, rotation.z], np.float64)
    return pose_from(
        quaternion, np.array([translation.x, translation.y, translation.z], np.float64)
    )


def pose_fault(rotation: Any, translation: Any) -> str:
    """What no robot's pose can have; empty where there is nothing."""
    norm = math.hypot(rotation.x, rotation.y, rotation.z, rotation.w)  # a power would overflow
    if not abs(norm - 1) < NORM_TOLERANCE:
        return f"its orientation has the length {norm:.4g} instead of 1"
    place = translation.x, translation.y, translation.z
    if not all(abs(value) <= FARTHEST_M for value in place):
        return "its position is {:.4g}, {:.4g}, {:.4g}".format(*place)
    return ""
