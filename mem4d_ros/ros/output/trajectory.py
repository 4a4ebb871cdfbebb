"""The pose of the newest frame and of those before it, as messages."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import cv2
import numpy as np
from geometry_msgs.msg import PoseStamped, Vector3
from nav_msgs.msg import Odometry, Path
from std_msgs.msg import Header

from mem4d_ros.geometry import rigid_inverse
from mem4d_ros.mapping import Correction, moved_pose
from mem4d_ros.mapping.rotations import skew
from mem4d_ros.ros.conversions.pose import matrix_to_pose
from mem4d_ros.ros.interface.settings import OdometrySettings
from mem4d_ros.ros.robot.placers import Placement
from mem4d_ros.sensor_messages.stamps import stamp_to_ns

UNKNOWN_STDDEV = 1e3
"""Of what was not measured; filters take its square, 1e6, for unknown."""

MIN_STDDEV = 0.01
"""In metres, radians and their rates: a covariance of zero breaks filters."""


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


class Trajectory:
    """Gathers placements, whose headers are in the map, and writes Odometry and Path."""

    def __init__(self) -> None:
        self._poses: deque[PoseStamped] = deque()
        self._hanging: deque[tuple[int, np.ndarray]] = deque()  # keyframe and pose of each
        self.restart()

    def restart(self) -> None:
        """Forget everything: a new world begins."""
        self._poses.clear()
        self._hanging.clear()
        self._newest: tuple[int, np.ndarray] | None = None  # stamp in ns, map_from_tracked
        self._newest_placement: Placement | None = None
        self._twist: Twist | None = None
        self._travelled_m = 0.0
        self._pose_covariance: np.ndarray | None = None
        self._pose_measured = False
        self._twist_measured = False

    def move(self, correction: Correction) -> np.ndarray:
        """Move each pose with its keyframe.

        Args:
            correction: of the world that the placements are of.

        Returns:
            (4, 4), where the newest tracked frame was, as it is seen from where it is now.
        """
        if self._newest is None or self._newest_placement is None:
            return np.eye(4)
        in_map = correction.seen_from(self._newest_placement.map_from_world)
        motions = in_map.of(np.array([keyframe for keyframe, _ in self._hanging]))
        moved = moved_pose(motions, np.array([pose for _, pose in self._hanging]))
        for index, pose in enumerate(moved):
            self._hanging[index] = self._hanging[index][0], pose
            self._poses[index] = PoseStamped(
                header=self._poses[index].header, pose=matrix_to_pose(pose)
            )
        stamp_ns, before = self._newest
        self._newest = stamp_ns, moved[-1]
        back: np.ndarray = rigid_inverse(moved[-1]) @ before
        return back

    def add(
        self,
        placement: Placement,
        header: Header,
        measured: bool,
        max_length: int,
        keyframe: int = 0,
        covariance: np.ndarray | None = None,
    ) -> None:
        """Take the newest placement in, and leave the oldest out beyond `max_length`.

        Args:
            keyframe: number of the one that the pose hangs on.
            covariance: (6, 6) of position and fixed axes of the map, in a map that is known; None:
                it grows with the way.
        """
        self._pose_covariance = covariance
        stamp_ns = stamp_to_ns(header.stamp)
        pose = placement.map_from_tracked
        self._twist = self._twist_to(pose, stamp_ns)
        self._twist_measured = measured and self._pose_measured and self._twist is not None
        self._pose_measured = measured
        if self._newest is not None:
            self._travelled_m += float(np.linalg.norm(pose[:3, 3] - self._newest[1][:3, 3]))
        self._newest, self._newest_placement = (stamp_ns, pose), placement
        self._poses.append(PoseStamped(header=header, pose=matrix_to_pose(pose)))
        self._hanging.append((keyframe, pose))
        while len(self._poses) > max_length:
            self._poses.popleft()
            self._hanging.popleft()

    def odometry(self, child_frame: str, drift: OdometrySettings) -> Odometry:
        """The newest pose and the twist that led to it, zero where there is none.

        Their covariances grow with distance and speed; what was not measured has a huge one.
        """
        newest = self._poses[-1]
        message = Odometry(header=newest.header, child_frame_id=child_frame)
        message.pose.pose = newest.pose
        if self._pose_covariance is None or not self._pose_measured:
            message.pose.covariance = _covariance(self._pose_measured, self._travelled_m, drift)
        else:
            least = np.eye(6) * MIN_STDDEV**2
            message.pose.covariance = (least + self._pose_covariance).flatten().tolist()
        speed = 0.0
        if self._twist is not None:
            message.twist.twist.linear = _vector(self._twist.linear)
            message.twist.twist.angular = _vector(self._twist.angular)
            speed = float(np.linalg.norm(self._twist.linear))
        message.twist.covariance = _covariance(self._twist_measured, speed, drift)
        return message

    def path(self) -> Path:
        """All poses kept, the oldest first."""
        return Path(header=self._poses[-1].header, poses=list(self._poses))

    def _twist_to(self, map_from_tracked: np.ndarray, stamp_ns: int) -> Twist | None:
        if self._newest is None or stamp_ns <= self._newest[0]:
            return None
        seconds = (stamp_ns - self._newest[0]) * 1e-9
        return twist_between(self._newest[1], map_from_tracked, seconds)


def covariance_in_map(covariance: np.ndarray | None, placement: Placement) -> np.ndarray | None:
    """As nav_msgs/Odometry has it, (6, 6): position of the tracked frame and turns about map axes.

    Args:
        covariance: turn about the camera's axes in rad, position of the camera in the world in m.
    """
    if covariance is None:
        return None
    turn = placement.map_from_camera[:3, :3]
    lever = placement.map_from_tracked[:3, 3] - placement.map_from_camera[:3, 3]
    change = np.zeros((6, 6))
    change[:3, :3], change[:3, 3:] = -skew(lever) @ turn, placement.map_from_world[:3, :3]
    change[3:, :3] = turn
    moved: np.ndarray = change @ covariance @ change.T
    return moved


def _covariance(measured: bool, metres: float, drift: OdometrySettings) -> list[float]:
    """(36,) of x, y, z and rotations about them, after so many metres (or metres per second)."""
    stddevs = np.full(6, UNKNOWN_STDDEV)
    if measured:
        stddevs[:3] = MIN_STDDEV + drift.position_drift * metres
        stddevs[3:] = MIN_STDDEV + drift.rotation_drift * metres
    return np.diag(stddevs**2).flatten().tolist()


def _vector(values: np.ndarray) -> Vector3:
    x, y, z = (float(value) for value in values)
    return Vector3(x=x, y=y, z=z)
