"""The pose of the newest frame and of those before it, as messages."""

from collections import deque

import numpy as np
from geometry_msgs.msg import PoseStamped, Vector3
from nav_msgs.msg import Odometry, Path
from std_msgs.msg import Header

from mem4d_ros.ros.conversions.pose import matrix_to_pose
from mem4d_ros.ros.conversions.stamps import stamp_to_ns
from mem4d_ros.ros.frames import Placement
from mem4d_ros.ros.motion import Twist, twist_between

UNKNOWN_VARIANCE = 1e6
"""The network does not say how sure its poses are; filters take so large a variance for unknown."""

_UNKNOWN_COVARIANCE = (UNKNOWN_VARIANCE * np.eye(6)).flatten().tolist()


class Trajectory:
    """Gathers placements, whose headers are in the map, and writes Odometry and Path."""

    def __init__(self) -> None:
        self._poses: deque[PoseStamped] = deque()
        self._newest: tuple[int, np.ndarray] | None = None  # stamp in ns, map_from_tracked
        self._twist: Twist | None = None

    def restart(self) -> None:
        """Forget everything: a new world begins."""
        self._poses.clear()
        self._newest = None
        self._twist = None

    def add(self, placement: Placement, header: Header, max_length: int) -> None:
        """Take the newest placement in, and leave the oldest out beyond `max_length`."""
        stamp_ns = stamp_to_ns(header.stamp)
        self._twist = self._twist_to(placement.map_from_tracked, stamp_ns)
        self._newest = (stamp_ns, placement.map_from_tracked)
        pose = matrix_to_pose(placement.map_from_tracked)
        self._poses.append(PoseStamped(header=header, pose=pose))
        while len(self._poses) > max_length:
            self._poses.popleft()

    def odometry(self, child_frame: str) -> Odometry:
        """The newest pose and the twist that led to it, zero where there is none.

        Neither has a known covariance.
        """
        newest = self._poses[-1]
        message = Odometry(header=newest.header, child_frame_id=child_frame)
        message.pose.pose = newest.pose
        message.pose.covariance = _UNKNOWN_COVARIANCE
        message.twist.covariance = _UNKNOWN_COVARIANCE
        if self._twist is not None:
            message.twist.twist.linear = _vector(self._twist.linear)
            message.twist.twist.angular = _vector(self._twist.angular)
        return message

    def path(self) -> Path:
        """All poses kept, the oldest first."""
        return Path(header=self._poses[-1].header, poses=list(self._poses))

    def _twist_to(self, map_from_tracked: np.ndarray, stamp_ns: int) -> Twist | None:
        if self._newest is None or stamp_ns <= self._newest[0]:
            return None
        seconds = (stamp_ns - self._newest[0]) * 1e-9
        return twist_between(self._newest[1], map_from_tracked, seconds)


def _vector(values: np.ndarray) -> Vector3:
    x, y, z = (float(value) for value in values)
    return Vector3(x=x, y=y, z=z)
