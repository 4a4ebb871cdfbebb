"""Subscriptions to images, CameraInfo and scans, and the warning when no image arrives."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from rclpy.qos import QoSCompatibility, qos_check_compatible
from sensor_msgs.msg import CameraInfo, CompressedImage, Image, PointCloud2

from mem4d_ros.ros.frame import IncomingFrame
from mem4d_ros.ros.interface import topics
from mem4d_ros.ros.interface.settings import Settings
from mem4d_ros.ros.pipeline.subscription import FollowingSubscription, name_of
from mem4d_ros.ros.reporting import Reporter

WATCHDOG_PERIOD_S = 0.5


@dataclass(frozen=True)
class InputHealth:
    """Whether images arrive."""

    topic: str
    has_received: bool  # one arrived since the node is active
    is_stalled: bool  # none arrived for the watchdog's time


class Inputs:
    """Subscribes to images, CameraInfo and scans; every image goes on with the newest CameraInfo.

    The callbacks store references only; decoding is the receiver's.
    """

    def __init__(
        self,
        node: Node,
        settings: Callable[[], Settings],
        receive: Callable[[IncomingFrame], None],
        receive_scan: Callable[[PointCloud2], None],
        reporter: Reporter,
    ) -> None:
        self._node = node
        self._settings = settings
        self._receive = receive
        self._reporter = reporter
        self._camera_info: CameraInfo | None = None
        self._held: IncomingFrame | None = None  # the first image, until its CameraInfo comes
        self._alive_at_s = time.monotonic()
        self._has_received = False
        topic = topics.image_topic(settings().input)
        self._type_name = topics.type_name(topic.type).replace("/", "/msg/")
        self.image_topic = resolved_name(node, topic)
        info_topic = resolved_name(node, topics.CAMERA_INFO)
        self._images = FollowingSubscription(
            node, topic, self.image_topic, self._on_image, reporter, self._on_mismatch
        )
        self._infos = FollowingSubscription(
            node, topics.CAMERA_INFO, info_topic, self._on_camera_info, reporter
        )
        self._followed = [self._images, self._infos]
        if settings().evidence.enabled:
            scans = topics.EVIDENCE_POINTS
            name = resolved_name(node, scans)
            self._followed.append(FollowingSubscription(node, scans, name, receive_scan, reporter))
        # ROS time may stop, and with it the simulated camera.
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        node.create_timer(WATCHDOG_PERIOD_S, self._watch, clock=steady)

    def health(self) -> InputHealth:
        """For reports."""
        return InputHealth(self.image_topic, self._has_received, self._is_stalled())

    def close(self) -> None:
        """Subscribe to nothing any more."""
        self._release()
        for subscription in self._followed:
            subscription.close()

    def _is_stalled(self) -> bool:
        limit_s = self._settings().input.watchdog_s
        return 0 < limit_s < time.monotonic() - self._alive_at_s

    def _on_image(self, message: Image | CompressedImage) -> None:
        self._alive_at_s = time.monotonic()
        frame = IncomingFrame(message, self._camera_info, self._alive_at_s, self.image_topic)
        is_first, self._has_received = not self._has_received, True
        self._release()
        if is_first and self._camera_info is None and self._infos.publishers():
            self._held = frame  # a world is seen by one calibration, and this one is about to come
        else:
            self._receive(frame)

    def _on_camera_info(self, message: CameraInfo) -> None:
        self._camera_info = message
        self._release()

    def _release(self) -> None:
        """Let the first image go on, with CameraInfo if there is one by now."""
        held, self._held = self._held, None
        if held is not None:
            self._receive(replace(held, camera_info=self._camera_info))

    def _on_mismatch(self) -> None:
        self._reporter.error("qos", self._qos_mismatch(self._incompatible_publishers()))

    def _watch(self) -> None:
        self._release()
        for subscription in self._followed:
            subscription.follow()
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
            f"{', '.join(map(name_of, publishers))} sends nothing, or its messages are lost in"
            " transit (large best-effort images need a larger shared-memory segment on its side)"
        )

    def _incompatible_publishers(self) -> list[str]:
        """The full names of nodes whose images cannot be received."""
        asked = self._images.qos
        return [
            name_of(publisher)
            for publisher in self._node.get_publishers_info_by_topic(self.image_topic)
            if qos_check_compatible(publisher.qos_profile, asked)[0] == QoSCompatibility.ERROR
        ]

    def _qos_mismatch(self, publishers: list[str]) -> str:
        asked = self._settings().input.reliability
        return (
            f"{', '.join(publishers) or 'a publisher'} offers {self.image_topic} with a quality of"
            f" service that does not match ({asked} is asked for): set input.reliability to"
            " auto or best_effort"
        )


def resolved_name(node: Node, topic: topics.Topic) -> str:
    """The full name after remapping; a transport follows the image topic it belongs to."""
    if topic.type is CompressedImage:
        return node.resolve_topic_name(topics.IMAGE) + topics.COMPRESSED_SUFFIX
    return node.resolve_topic_name(topic.name)
