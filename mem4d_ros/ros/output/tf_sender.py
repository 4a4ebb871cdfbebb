"""Sends map -> a frame to TF, and notices who else says where that frame is."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

import numpy as np
import tf2_ros
from geometry_msgs.msg import TransformStamped
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile
from std_msgs.msg import Header
from tf2_msgs.msg import TFMessage

from mem4d_ros.ros.conversions.pose import matrix_to_transform
from mem4d_ros.ros.interface import topics

MAX_FRAMES = 10_000
"""Of others that are remembered; a robot has hundreds."""
MAX_SENT = 500
"""Own transforms by which those of others are told from them; they come back within a second."""
REMEMBERED_S = 10.0
"""After a transform that is not static; TF keeps it as long."""


class FrameTaken(LookupError):  # noqa: N818
    """Somebody else says where a frame is; the message says who, and what to do."""


class TfSender:
    """Publishes map -> a frame, unless somebody else already gives that frame another parent."""

    def __init__(self, node: Node, map_frame: str) -> None:
        self._map_frame = map_frame
        self._broadcaster = tf2_ros.TransformBroadcaster(node)
        self._others = OtherTransforms(node, map_frame)

    def send(self, child: str, map_from_child: np.ndarray, header: Header) -> None:
        """Send the frame's pose (4, 4); `header` is in the map.

        Raises FrameTaken: it was not sent, or somebody else sends one as well.
        """
        parent = self._others.parent_of(child)
        if parent is not None:
            raise FrameTaken(
                f"TF already has '{child}' under '{parent}', so that this node does not publish it"
                f" under '{self._map_frame}': use tf.mode map_to_odom if '{parent}' is an"
                " odometry's frame, tf.mode base with the root of the robot's tree as frames.base,"
                " or tf.mode off"
            )
        transform = TransformStamped(header=header, child_frame_id=child)
        transform.transform = matrix_to_transform(map_from_child)
        self._others.expect(transform)
        self._broadcaster.sendTransform(transform)
        if self._others.have_rival_for(child):
            raise FrameTaken(
                f"another node publishes '{child}' under '{self._map_frame}' as well, so that it"
                " jumps to and fro: let one of them do so, and set tf.mode off where it is this one"
            )


class OtherTransforms:
    """Listens to TF for what others say of frames. Thread-safe."""

    def __init__(
        self, node: Node, map_frame: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._map_frame = map_frame
        self._clock = clock
        self._parent_of: dict[str, tuple[str, float]] = {}  # and until when that holds
        self._rival_of: dict[str, float] = {}  # until when, by frame
        self._sent: deque[tuple[str, int, int, float, float, float]] = deque(maxlen=MAX_SENT)
        self._lock = threading.Lock()
        latched = QoSProfile(depth=100, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        self._subscriptions = [
            node.create_subscription(TFMessage, topics.TF.name, self.note, topics.TF.qos),
            node.create_subscription(TFMessage, "/tf_static", self.note_static, latched),
        ]

    def parent_of(self, child: str) -> str | None:
        """The parent of a frame in others' TF, but for the map; None if nobody gives it one."""
        with self._lock:
            parent, until_s = self._parent_of.get(child, (None, 0.0))
            return parent if self._clock() < until_s else None

    def have_rival_for(self, child: str) -> bool:
        """Whether others say where in the map a frame is that this node places there."""
        with self._lock:
            return self._clock() < self._rival_of.get(child, 0.0)

    def expect(self, transform: TransformStamped) -> None:
        """This node is about to send it, and will hear it."""
        with self._lock:
            self._sent.append(_mark(transform))

    def note(self, message: TFMessage) -> None:
        """Remember for a while what a message says of frames."""
        self._note(message, self._clock() + REMEMBERED_S)

    def note_static(self, message: TFMessage) -> None:
        """Remember for ever what a message says of frames."""
        self._note(message, float("inf"))

    def _note(self, message: TFMessage, until_s: float) -> None:
        with self._lock:
            for transform in message.transforms:
                parent, child = transform.header.frame_id, transform.child_frame_id
                if parent != self._map_frame:
                    if child in self._parent_of or len(self._parent_of) < MAX_FRAMES:
                        self._parent_of[child] = parent, until_s
                elif self._sends(child) and _mark(transform) not in self._sent:
                    self._rival_of[child] = until_s

    def _sends(self, child: str) -> bool:
        return any(sent[0] == child for sent in self._sent)


def _mark(transform: TransformStamped) -> tuple[str, int, int, float, float, float]:
    """What tells one transform from others."""
    stamp, place = transform.header.stamp, transform.transform.translation
    return transform.child_frame_id, stamp.sec, stamp.nanosec, place.x, place.y, place.z
