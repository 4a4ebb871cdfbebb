"""Whether anybody listens to what could be published."""

from __future__ import annotations

from rclpy.publisher import Publisher


def has_subscribers(publisher: Publisher) -> bool:
    """Whether anybody subscribes."""
    return publisher.get_subscription_count() > 0
