"""TF out: where the tracked frame, or the odometry's, is in the map."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import Protocol

import numpy as np
from rclpy.node import Node
from std_msgs.msg import Header

from mem4d_ros.geometry import rigid_inverse
from mem4d_ros.geometry.pose_text import parse_pose
from mem4d_ros.mapping.rotations import part_of_motion
from mem4d_ros.ros.conversions.stamps import ns_to_stamp
from mem4d_ros.ros.interface.settings import FrameSettings, Settings, TfSettings
from mem4d_ros.ros.output.tf_sender import FrameTaken, TfSender
from mem4d_ros.ros.robot.odometry import OdometrySource
from mem4d_ros.ros.robot.placers import BasePlacer, CameraPlacer, Placement, Placer
from mem4d_ros.ros.robot.robot import Robot
from mem4d_ros.runtime.external_odometry import map_from_odom
from mem4d_ros.sensor_messages.stamps import stamp_to_ns


def make_placer(robot: Robot, tf: TfSettings, frames: FrameSettings) -> Placer:
    """Make the placer for the mode in the settings."""
    initial_pose = parse_pose(tf.initial_pose)
    if tf.mode in ("base", "map_to_odom"):
        return BasePlacer(initial_pose, frames.base, robot.base_from_camera)
    return CameraPlacer(initial_pose)


class TfOutput(Protocol):
    """Publisher of a placement to TF."""

    def publish(
        self, placement: Placement, header: Header, tf: TfSettings, measured: bool = True
    ) -> None:
        """`header` is in the map, with the image's stamp; `measured`: the image determined it.

        Raises FrameTaken, and OdometryMissing: then nothing is known of the robot in the map.
        """
        ...

    def jump(self, back: np.ndarray) -> None:
        """The map's correction has moved the tracked frame; `back` (4, 4) of it is where it was."""
        ...

    def restart(self) -> None:
        """Publish nothing more of what was; a new world may begin with the next frame."""
        ...


def make_tf_output(node: Node, robot: Robot, settings: Settings) -> TfOutput:
    """Make the TF publisher for the mode in the settings."""
    if settings.tf.mode == "off":
        return NoTf()
    sender = TfSender(node, settings.frames.map)
    if settings.tf.mode == "map_to_odom":
        return MapToOdom(sender, settings.frames, robot.odom_from_base, settings.tf)
    return MapToTracked(sender)


class NoTf:
    """Publishes nothing."""

    def publish(
        self, placement: Placement, header: Header, tf: TfSettings, measured: bool = True
    ) -> None:
        pass

    def jump(self, back: np.ndarray) -> None:
        pass

    def restart(self) -> None:
        pass


class MapToTracked:
    """Publishes map -> tracked frame, which goes to where it belongs when a loop closes."""

    def __init__(self, sender: TfSender) -> None:
        self._sender = sender
        # In the tracked frame: the whole jump, and what is left of it.
        self._back = self._left = np.eye(4)
        self._begun_ns: int | None = None

    def publish(
        self, placement: Placement, header: Header, tf: TfSettings, measured: bool = True
    ) -> None:
        stamp_ns = stamp_to_ns(header.stamp)
        self._begun_ns = stamp_ns if self._begun_ns is None else self._begun_ns
        elapsed_s = (stamp_ns - self._begun_ns) * 1e-9
        left = 1 - elapsed_s / tf.correction_s if tf.correction_s > 0 else 0.0
        self._left = part_of_motion(self._back, max(left, 0.0))
        self._sender.send(placement.tracked_frame, placement.map_from_tracked @ self._left, header)

    def jump(self, back: np.ndarray) -> None:
        self._back, self._begun_ns = back @ self._left, None

    def restart(self) -> None:
        self._back = self._left = np.eye(4)
        self._begun_ns = None


RENEWAL_NS = 50_000_000
"""Between transforms that say the same: RTAB-Map sends them as often."""
HELD_NS = 10_000_000_000
"""After its image, a correction of the odometry is renewed that long."""


class MapToOdom:
    """Publishes map -> odometry, so that odometry -> base leads to the base's place in the map.

    The odometry drifts slowly, and others ask for poses that are newer than any image: what an
    image says of the drift holds until the next one says better. It is sent again as the odometry
    goes on, and post-dated, so that it is there before the odometry's pose is. Thread-safe.
    """

    def __init__(
        self,
        sender: TfSender,
        frames: FrameSettings,
        odom_from_base: OdometrySource,
        settings: TfSettings,
    ) -> None:
        self._sender = sender
        self._frames = frames
        self._odom_from_base = odom_from_base
        self._settings = settings
        self._lock = threading.Lock()
        self._correction: np.ndarray | None = None  # map_from_odom (4, 4)
        self._odom_from_tracked = np.eye(4)  # at the newest image
        self._image_ns = 0
        self._odometry_ns = 0
        self._sent_ns = 0
        odom_from_base.follow(self._renew)

    def publish(
        self, placement: Placement, header: Header, tf: TfSettings, measured: bool = True
    ) -> None:
        stamp_ns = stamp_to_ns(header.stamp)
        odom_from_base = self._odom_from_base(stamp_ns)
        with self._lock:
            is_first = self._correction is None
            self._settings = tf
            if measured or is_first:  # else the odometry goes on alone
                self._correction = map_from_odom(placement.map_from_tracked, odom_from_base)
            self._odom_from_tracked = odom_from_base
            self._image_ns = stamp_ns
            if is_first:  # TF has nothing before it: that one has to hold from its image on
                self._send(stamp_ns)
            # Others give the odometry's frame children, too, and their clock may be another one.
            is_near = self._odometry_ns - stamp_ns < HELD_NS
            newest_ns = max(stamp_ns, self._odometry_ns) if is_near else stamp_ns
            ahead_ns = newest_ns + self._tolerance_ns()
            self._send(max(ahead_ns, self._sent_ns + 1))  # at once, not with the next odometry

    def jump(self, back: np.ndarray) -> None:
        """The map moves under the odometry, also where the next image does not say where to."""
        with self._lock:
            if self._correction is not None:
                moved = self._correction @ self._odom_from_tracked @ rigid_inverse(back)
                self._correction = map_from_odom(moved, self._odom_from_tracked)

    def restart(self) -> None:
        with self._lock:
            self._correction = None
            self._odometry_ns = self._sent_ns = 0

    def _renew(self, stamp_ns: int) -> None:
        """The odometry has come as far as `stamp_ns`."""
        with self._lock:
            self._odometry_ns = stamp_ns
            tolerance_ns = self._tolerance_ns()
            is_held = 0 < stamp_ns - self._image_ns < HELD_NS
            is_due = stamp_ns + tolerance_ns >= self._sent_ns + min(RENEWAL_NS, tolerance_ns)
            if is_held and is_due:
                with suppress(FrameTaken):  # is said with the images
                    self._send(stamp_ns + tolerance_ns)

    def _tolerance_ns(self) -> int:
        return round(self._settings.transform_tolerance_s * 1e9)

    def _send(self, stamp_ns: int) -> None:
        """Unless that or later was said: TF keeps what it has of a time."""
        if self._correction is None or stamp_ns <= self._sent_ns:
            return
        header = Header(stamp=ns_to_stamp(stamp_ns), frame_id=self._frames.map)
        self._sent_ns = stamp_ns
        self._sender.send(self._frames.odom, self._correction, header)
