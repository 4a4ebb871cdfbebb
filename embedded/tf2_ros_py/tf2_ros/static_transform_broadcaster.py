"""Sends transforms that hold for ever."""

from __future__ import annotations

from collections.abc import Iterable

from geometry_msgs.msg import TransformStamped
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile
from tf2_msgs.msg import TFMessage


class StaticTransformBroadcaster:
    """Publishes on /tf_static, by default reliable, transient local, depth 1.

    A late listener gets only the newest message, so each message repeats all that was sent.
    """

    def __init__(self, node: Node, qos: QoSProfile | int | None = None) -> None:
        if qos is None:
            qos = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        self.pub_tf = node.create_publisher(TFMessage, "/tf_static", qos)
        self._sent: dict[str, TransformStamped] = {}

    def sendTransform(self, transform: TransformStamped | Iterable[TransformStamped]) -> None:
        """Send one transform or several, with all those sent before."""
        transforms = [transform] if isinstance(transform, TransformStamped) else list(transform)
        self._sent.update({one.child_frame_id: one for one in transforms})
        self.pub_tf.publish(TFMessage(transforms=list(self._sent.values())))
