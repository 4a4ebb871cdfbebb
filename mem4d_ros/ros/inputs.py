"""What the node listens to, and what it says when it hears nothing."""

import time
from collections.abc import Callable
from typing import Any

from rclpy.node import Node
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from mem4d_ros.ros import topics
from mem4d_ros.ros.frame_processor import IncomingFrame
from mem4d_ros.ros.reporting import Reporter
from mem4d_ros.ros.settings import Settings

try:
    from rclpy.event_handler import SubscriptionEventCallbacks
except ImportError:  # ROS 2 Humble
    from rclpy.qos_event import SubscriptionEventCallbacks

WATCHDOG_PERIOD_S = 0.5


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
        self._incompatible_publishers = 0
        self._alive_at_s = time.monotonic()
        self._has_heard = False
        topic = topics.image_topic(settings().input)
        self.image_topic = _resolved(node, topic)
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
        node.create_timer(WATCHDOG_PERIOD_S, self._watch)

    @property
    def has_heard(self) -> bool:
        """Whether an image ever arrived."""
        return self._has_heard

    @property
    def is_stalled(self) -> bool:
        """Whether nothing arrived for the watchdog's time."""
        limit_s = self._settings().input.watchdog_s
        return 0 < limit_s < time.monotonic() - self._alive_at_s

    def _on_image(self, message: Image | CompressedImage) -> None:
        self._alive_at_s = time.monotonic()
        self._has_heard = True
        self._receive(IncomingFrame(message, self._camera_info, self._alive_at_s))

    def _on_camera_info(self, message: CameraInfo) -> None:
        self._camera_info = message

    def _on_incompatible_qos(self, event: Any) -> None:
        self._incompatible_publishers = event.total_count
        self._reporter.error("qos", self._qos_mismatch())

    def _watch(self) -> None:
        if self.is_stalled:
            silence_s = time.monotonic() - self._alive_at_s
            self._reporter.warning(
                "silence", f"no image on {self.image_topic} for {silence_s:.0f} s: {self._cause()}"
            )

    def _cause(self) -> str:
        publishers = self._node.count_publishers(self.image_topic)
        if not publishers:
            return "nobody publishes there; start the camera or remap 'image' to its topic"
        if self._incompatible_publishers:
            return self._qos_mismatch()
        return (
            f"its {publishers} publisher(s) send nothing, or what they send is lost on the way"
            " (large best-effort images need a larger shared-memory segment on the camera's side)"
        )

    def _qos_mismatch(self) -> str:
        asked = self._settings().input.reliability
        return (
            f"a publisher on {self.image_topic} offers a quality of service that does not match"
            f" ({asked} is asked for): set input.reliability to best_effort, which matches any"
        )


def _resolved(node: Node, topic: topics.Topic) -> str:
    """The full name after remapping; a transport follows the image topic it belongs to."""
    if topic.type is CompressedImage:
        return node.resolve_topic_name(topics.IMAGE) + topics.COMPRESSED_SUFFIX
    return node.resolve_topic_name(topic.name)
