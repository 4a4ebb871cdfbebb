"""A subscription whose quality of service is what all publishers of its topic offer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from rclpy.subscription import Subscription
from rclpy.topic_endpoint_info import TopicEndpointInfo

from mem4d_ros.ros.interface import topics
from mem4d_ros.ros.reporting import Reporter

try:
    from rclpy.event_handler import SubscriptionEventCallbacks
except ImportError:  # ROS 2 Humble
    from rclpy.qos_event import SubscriptionEventCallbacks

RELIABLE, BEST_EFFORT = ReliabilityPolicy.RELIABLE, ReliabilityPolicy.BEST_EFFORT
LASTING, PASSING = DurabilityPolicy.TRANSIENT_LOCAL, DurabilityPolicy.VOLATILE


class FollowingSubscription:
    """Subscribes reliably, so that no image is lost, unless a publisher does not offer it.

    A reliable subscription hears nothing of a best-effort publisher, a best-effort one loses large
    images. What is asked for changes with the publishers that come and go, if the topic's
    `follows_publishers` says so; it is best effort as soon as one offers no more. Used by the
    executor's thread.
    """

    def __init__(
        self,
        node: Node,
        topic: topics.Topic,
        name: str,
        receive: Callable[[Any], None],
        reporter: Reporter,
        on_mismatch: Callable[[], None] = lambda: None,
    ) -> None:
        """`name` is the topic's full one; `on_mismatch` hears of publishers that are not heard."""
        self._node = node
        self._topic = topic
        self._name = name
        self._receive = receive
        self._reporter = reporter
        self._on_mismatch = on_mismatch
        self.qos: QoSProfile = topic.qos
        self._subscription = self._subscribe()
        self._said = ""

    def follow(self) -> None:
        """Ask for what the publishers offer now."""
        if not self._topic.follows_publishers:
            return
        publishers = self.publishers()
        if not publishers:
            return
        offering_less = [p for p in publishers if p.qos_profile.reliability == BEST_EFFORT]
        wanted = BEST_EFFORT if offering_less else RELIABLE
        all_last = all(p.qos_profile.durability == LASTING for p in publishers)
        durability = LASTING if all_last else PASSING
        if (wanted, durability) != (self.qos.reliability, self.qos.durability):
            self.close()
            self.qos = topics.with_policies(self._topic.qos, wanted, durability)
            self._subscription = self._subscribe()
        self._say(wanted, offering_less or publishers)

    def publishers(self) -> list[TopicEndpointInfo]:
        """Those of the topic's type."""
        kind = topics.type_name(self._topic.type).replace("/", "/msg/")
        found = self._node.get_publishers_info_by_topic(self._name)
        return [publisher for publisher in found if publisher.topic_type == kind]

    def close(self) -> None:
        """Subscribe to nothing any more."""
        self._node.destroy_subscription(self._subscription)

    def _subscribe(self) -> Subscription:
        events = SubscriptionEventCallbacks(incompatible_qos=self._on_incompatible_qos)
        return self._node.create_subscription(
            self._topic.type, self._name, self._receive, self.qos, event_callbacks=events
        )

    def _on_incompatible_qos(self, event: Any) -> None:
        self.follow()
        if not self._topic.follows_publishers:
            self._on_mismatch()

    def _say(self, wanted: ReliabilityPolicy, because_of: list[TopicEndpointInfo]) -> None:
        """Once, until something else is true."""
        names = ", ".join(sorted({name_of(publisher) for publisher in because_of}))
        offer = "offer no more" if wanted == BEST_EFFORT else "all publishers offer it"
        how = wanted.name.lower().replace("_", " ")
        message = f"{self._name} is received with reliability {how}: {offer} ({names})"
        if message != self._said:
            self._reporter.note(message, message)
        self._said = message


def name_of(publisher: TopicEndpointInfo) -> str:
    """The full name of the node that publishes."""
    return f"{publisher.node_namespace.rstrip('/')}/{publisher.node_name}"
