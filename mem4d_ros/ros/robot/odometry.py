"""An external odometry, received on a topic."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Protocol

import numpy as np
from nav_msgs.msg import Odometry
from rclpy.node import Node

from mem4d_ros.ros.conversions.pose import pose_to_matrix
from mem4d_ros.ros.interface import topics
from mem4d_ros.ros.interface.settings import FrameSettings
from mem4d_ros.ros.reporting import Reporter
from mem4d_ros.runtime.external_odometry import PoseHistory
from mem4d_ros.sensor_messages.frames import tf_frame
from mem4d_ros.sensor_messages.poses import pose_fault
from mem4d_ros.sensor_messages.stamps import stamp_to_ns

PATIENCE_S = 0.1
"""A small network can be faster than the next message of an odometry of 10 Hz."""


class OdometryMissing(LookupError):  # noqa: N818
    """The odometry does not say where the base was at a time; the message says what to do."""


class OdometrySource(Protocol):
    """Says where the base is in the odometry's frame. Thread-safe."""

    def __call__(self, stamp_ns: int) -> np.ndarray:
        """odom_from_base (4, 4) at a stamp, or as it goes on where the next pose is late.

        Raises OdometryMissing.
        """
        ...

    def about(self, stamp_ns: int) -> np.ndarray | None:
        """The same at once, a little after the newest pose as it goes on; None: not known."""
        ...

    def follow(self, hear: Callable[[int], None]) -> None:
        """Call `hear` with the stamp, in ns, of every pose that comes."""
        ...


class TopicOdometry:
    """Keeps received poses, and refuses those of other frames. Thread-safe."""

    def __init__(self, node: Node, frames: FrameSettings, reporter: Reporter) -> None:
        self._frames = frames
        self._reporter = reporter
        self._history = PoseHistory()
        self._changed = threading.Condition()
        self._listeners: list[Callable[[int], None]] = []
        topic = topics.EXTERNAL_ODOMETRY
        self._name = node.resolve_topic_name(topic.name)
        node.create_subscription(topic.type, topic.name, self._hear, topic.qos)

    def __call__(self, stamp_ns: int) -> np.ndarray:
        """odom_from_base (4, 4) between the poses about that time. Raises OdometryMissing.

        Waits a little for the later one, if that is due; if it is late, the odometry goes on as it
        went.
        """
        history = self._history
        with self._changed:
            self._changed.wait_for(lambda: not history.may_come(stamp_ns), PATIENCE_S)
            pose = history.about(stamp_ns)
        if pose is None:
            raise OdometryMissing(
                f"{self._name} has no poses about the image's time, {stamp_ns * 1e-9:.3f} s: let it"
                " publish with the camera's clock and at more than 2 Hz, or set"
                " external_odometry.source to tf"
            )
        return pose

    def about(self, stamp_ns: int) -> np.ndarray | None:
        """The same at once, a little after the newest pose as it goes on; None: not known."""
        with self._changed:
            return self._history.about(stamp_ns)

    def follow(self, hear: Callable[[int], None]) -> None:
        """Call `hear` with the stamp, in ns, of every pose that comes."""
        self._listeners.append(hear)

    def _hear(self, message: Odometry) -> None:
        frames = self._frames
        pose = message.pose.pose
        named = (message.header.frame_id, message.child_frame_id)
        found = tuple(tf_frame(name) for name in named)
        if found != (frames.odom, frames.base):
            self._refuse(
                f"is of '{named[1]}' in '{named[0]}': set frames.base and frames.odom, which are"
                f" '{frames.base}' and '{frames.odom}'"
            )
        elif fault := pose_fault(pose.orientation, pose.position):
            self._refuse(f"has a pose that is no pose: {fault}: its source is at fault")
        else:
            stamp_ns = stamp_to_ns(message.header.stamp)
            with self._changed:
                self._history.add(stamp_ns, pose_to_matrix(pose))
                self._changed.notify_all()
            for hear in self._listeners:
                hear(stamp_ns)

    def _refuse(self, reason: str) -> None:
        self._reporter.error("odometry refused", f"{self._name} {reason}; it is ignored")
