"""Subscriptions to images and CameraInfo, and the warning when no image arrives."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from rclpy.qos import QoSCompatibility, qos_check_compatible
from rclpy.topic_endpoint_info import TopicEndpointInfo
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from mem4d_ros.ros.frame import IncomingFrame
from mem4d_ros.ros.interface import topics
from mem4d_ros.ros.interface.settings import Settings
from mem4d_ros.ros.reporting import Reporter

try:
    from rclpy.event_handler import SubscriptionEventCallbacks
except ImportError:  # ROS 2 Humble
    from rclpy.qos_event import SubscriptionEventCallbacks

WATCHDOG_PERIOD_S = 0.5


@dataclass(frozen=True)
class InputHealth:
    """Whether images arrive."""

    topic: str
    has_received: bool  # one arrived since the node is active
    is_stalled: bool  # none arrived for the watchdog's time


class Inputs:
    """Subscribes to images and CameraInfo, and hands every image on with the newest CameraInfo.

    The callbacks store references only; decoding is the receiver's.
    """

    def __init__(
        self,
        node: Node,
        settings: Callable[[], Settings],
        receive: Callable[[IncomingFrame], None],
        reporter: Reporter,
    ) -> None:
        self._node = node
        self._settings = settings
        self._receive = receive
        self._reporter = reporter
        self._camera_info: CameraInfo | None = None
        self._alive_at_s = time.monotonic()
        self._has_received = False
        topic = topics.image_topic(settings().input)
        self._qos = topic.qos
        self._type_name = topics.type_name(topic.type).replace("/", "/msg/")
        self.image_topic = resolved_name(node, topic)
        node.create_subscription(
            topic.type,
            self.image_topic,
            self._on_image,
            topic.qos,
            event_callbacks=SubscriptionEventCallbacks(incompatible_qos=self._on_incompatible_qos),
        )
        node.create_subscription(
            topics.CAMERA_INFO.type,
            topics.CAMERA_INFO.name,
            self._on_camera_info,
            topics.CAMERA_INFO.qos,
        )
        # ROS time may stand still, and then no camera is heard either.
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        node.create_timer(WATCHDOG_PERIOD_S, self._watch, clock=steady)

    def health(self) -> InputHealth:
        """For reports."""
        return InputHealth(self.image_topic, self._has_received, self._is_stalled())

    def _is_stalled(self) -> bool:
        limit_s = self._settings().input.watchdog_s
        return 0 < limit_s < time.monotonic() - self._alive_at_s

    def _on_image(self, message: Image | CompressedImage) -> None:
        self._alive_at_s = time.monotonic()
        self._has_received = True
        self._receive(IncomingFrame(message, self._camera_info, self._alive_at_s, self.image_topic))

    def _on_camera_info(self, message: CameraInfo) -> None:
        self._camera_info = message

    def _on_incompatible_qos(self, event: Any) -> None:
        self._reporter.error("qos", self._qos_mismatch(self._incompatible_publishers()))

    def _watch(self) -> None:
        if self._is_stalled():
            silence_s = time.monotonic() - self._alive_at_s
            self._reporter.warning(
                "silence", f"no image on {self.image_topic} for {silence_s:.0f} s: {self._cause()}"
            )

    def _cause(self) -> str:
        publishers = self._node.get_publishers_info_by_topic(self.image_topic)
        if not publishers:
            return "nobody publishes there; start the camera or remap 'image' to its topic"
        if strangers := {p.topic_type for p in publishers} - {self._type_name}:
            return (
                f"{', '.join(sorted(strangers))} is published there, not {self._type_name}: set"
                " input.image_transport or remap 'image'"
            )
        if incompatible := self._incompatible_publishers():
            return self._qos_mismatch(incompatible)
        return (
            f"{', '.join(map(_node_of, publishers))} sends nothing, or what it sends is lost on the"
            " way (large best-effort images need a larger shared-memory segment on its side)"
        )

    def _incompatible_publishers(self) -> list[str]:
        """The full names of nodes whose images cannot be received."""
        return [
            _node_of(publisher)
            for publisher in self._node.get_publishers_info_by_topic(self.image_topic)
            if qos_check_compatible(publisher.qos_profile, self._qos)[0] == QoSCompatibility.ERROR
        ]

    def _qos_mismatch(self, publishers: list[str]) -> str:
        asked = self._settings().input.reliability
        return (
            f"{', '.join(publishers) or 'a publisher'} offers {self.image_topic} with a quality of"
            f" service that does not match ({asked} is asked for): set input.reliability to"
            " best_effort, which matches any"
        )


def _node_of(publisher: TopicEndpointInfo) -> str:
    """The full name of the node that publishes."""
    return f"{publisher.node_namespace.rstrip('/')}/{publisher.node_name}"


def resolved_name(node: Node, topic: topics.Topic) -> str:
    """The full name after remapping; a transport follows the image topic it belongs to."""
    if topic.type is CompressedImage:
        return node.resolve_topic_name(topics.IMAGE) + topics.COMPRESSED_SUFFIX
    return node.resolve_topic_name(topic.name)
