"""Velocity between two poses."""

from dataclasses import dataclass

import cv2
import numpy as np

from mem4d_ros.geometry import rigid_inverse


@dataclass(frozen=True)
class Twist:
    """Velocity of a moving frame, expressed in that frame, as nav_msgs/Odometry has it."""

    linear: np.ndarray  # (3,) m/s
    angular: np.ndarray  # (3,) rad/s


def twist_between(earlier: np.ndarray, later: np.ndarray, seconds: float) -> Twist:
    """The constant twist that moves a frame from one pose (4, 4) to the next in `seconds` > 0.

    The linear part is the chord's: exact where the motion is straight.
    """
    step = rigid_inverse(later) @ earlier  # from the earlier frame to the later one
    rotation_vector, _ = cv2.Rodrigues(step[:3, :3])
    return Twist(-step[:3, 3] / seconds, -rotation_vector[:, 0] / seconds)
