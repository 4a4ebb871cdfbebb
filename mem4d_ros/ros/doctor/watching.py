"""Listening to topics for a while."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import rclpy
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy


def spin_for(node: Node, seconds: float, until: Callable[[], bool] = lambda: False) -> None:
    """Serve callbacks for a while, or until a condition holds."""
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0 and not until():
        rclpy.spin_once(node, timeout_sec=min(left, 0.1))


def qos(reliability: ReliabilityPolicy, depth: int = 5) -> QoSProfile:
    """As the node asks for images."""
    return QoSProfile(reliability=reliability, depth=depth)


@contextmanager
def subscribed(
    node: Node, kind: Any, topic: str, receive: Callable[[Any], None], profile: QoSProfile
) -> Iterator[None]:
    """A subscription for the time of a block."""
    subscription = node.create_subscription(kind, topic, receive, profile)
    try:
        yield
    finally:
        node.destroy_subscription(subscription)
