"""TF out: where the tracked frame, or the odometry's, is in the map."""

from __future__ import annotations

import threading
from typing import Protocol

import numpy as np
import tf2_ros
from geometry_msgs.msg import TransformStamped
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile
from std_msgs.msg import Header
from tf2_msgs.msg import TFMessage

from mem4d_ros.geometry import rigid_inverse
from mem4d_ros.geometry.pose_text import parse_pose
from mem4d_ros.mapping.rotations import part_of_motion
from mem4d_ros.ros.conversions.pose import matrix_to_transform
from mem4d_ros.ros.conversions.stamps import ns_to_stamp, stamp_to_ns
from mem4d_ros.ros.interface import topics
from mem4d_ros.ros.interface.settings import FrameSettings, Settings, TfSettings
from mem4d_ros.ros.reporting import Reporter
from mem4d_ros.ros.robot.odometry import OdometryMissing, OdometrySource
from mem4d_ros.ros.robot.placers import BasePlacer, CameraPlacer, Placement, Placer
from mem4d_ros.ros.robot.robot import Robot
from mem4d_ros.runtime.external_odometry import map_from_odom


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
        """`header` is in the map, with the image's stamp; `measured`: the image determined it."""
        ...

    def jump(self, back: np.ndarray) -> None:
        """The map's correction has moved the tracked frame; `back` (4, 4) of it is where it was."""
        ...

    def restart(self) -> None:
        """Publish nothing more of what was; a new world may begin with the next frame."""
        ...


def make_tf_output(node: Node, robot: Robot, settings: Settings, reporter: Reporter) -> TfOutput:
    """Make the TF publisher for the mode in the settings."""
    if settings.tf.mode == "off":
        return NoTf()
    sender = TfSender(node, settings.frames.map, reporter)
    if settings.tf.mode == "map_to_odom":
        return MapToOdom(sender, settings.frames, robot.odom_from_base, settings.tf, reporter)
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
        reporter: Reporter,
    ) -> None:
        self._sender = sender
        self._frames = frames
        self._odom_from_base = odom_from_base
        self._settings = settings
        self._reporter = reporter
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
        try:
            odom_from_base = self._odom_from_base(stamp_ns)
        except OdometryMissing as error:
            self._reporter.error("odometry", f"map to odometry is not published: {error}")
            return
        with self._lock:
            is_first = self._correction is None
            self._settings = tf
            if measured or is_first:  # else the odometry goes on alone
                self._correction = map_from_odom(placement.map_from_tracked, odom_from_base)
            self._odom_from_tracked = odom_from_base
            self._image_ns = stamp_ns
            if is_first:  # TF has nothing before it: that one has to hold from its image on
                self._send(stamp_ns)
            ahead_ns = max(stamp_ns, self._odometry_ns) + self._tolerance_ns()
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
                self._send(stamp_ns + tolerance_ns)

    def _tolerance_ns(self) -> int:
        return round(self._settings.transform_tolerance_s * 1e9)

    def _send(self, stamp_ns: int) -> None:
        """Unless that or later was said: TF keeps what it has of a time."""
        if self._correction is None or stamp_ns <= self._sent_ns:
            return
        header = Header(stamp=ns_to_stamp(stamp_ns), frame_id=self._frames.map)
        self._sender.send(self._frames.odom, self._correction, header)
        self._sent_ns = stamp_ns


MAX_FRAMES = 10_000
"""Of others that are remembered; a robot has hundreds."""


class TfSender:
    """Publishes map -> a frame, unless somebody else already gives that frame a parent."""

    def __init__(self, node: Node, map_frame: str, reporter: Reporter) -> None:
        self._map_frame = map_frame
        self._reporter = reporter
        self._broadcaster = tf2_ros.TransformBroadcaster(node)
        self._parents = ForeignParents(node, map_frame)

    def send(self, child: str, map_from_child: np.ndarray, header: Header) -> None:
        """Send the frame's pose (4, 4); `header` is in the map."""
        parent = self._parents.of(child)
        if parent is not None:
            self._reporter.error(
                "two parents",
                f"TF already has '{child}' under '{parent}', so that this node does not publish it"
                f" under '{self._map_frame}': use tf.mode map_to_odom if '{parent}' is an"
                " odometry's frame, tf.mode base with the root of the robot's tree as frames.base,"
                " or tf.mode off",
            )
            return
        transform = TransformStamped(header=header, child_frame_id=child)
        transform.transform = matrix_to_transform(map_from_child)
        self._broadcaster.sendTransform(transform)


class ForeignParents:
    """Listens to TF for frames whose parent is not the map."""

    def __init__(self, node: Node, map_frame: str) -> None:
        self._map_frame = map_frame
        self._parent_of: dict[str, str] = {}
        self._lock = threading.Lock()
        latched = QoSProfile(depth=100, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        self._subscriptions = [
            node.create_subscription(TFMessage, topics.TF.name, self.note, topics.TF.qos),
            node.create_subscription(TFMessage, "/tf_static", self.note, latched),
        ]

    def of(self, child: str) -> str | None:
        """The parent of a frame in others' TF; None if nobody gives it one."""
        with self._lock:
            return self._parent_of.get(child)

    def note(self, message: TFMessage) -> None:
        """Remember what a message says of frames' parents."""
        with self._lock:
            for transform in message.transforms:
                parent, child = transform.header.frame_id, transform.child_frame_id
                has_room = child in self._parent_of or len(self._parent_of) < MAX_FRAMES
                if parent != self._map_frame and has_room:
                    self._parent_of[child] = parent
