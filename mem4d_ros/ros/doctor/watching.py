"""Listening to topics for a while."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import rclpy
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy

QUIET_S, LONGEST_DISCOVERY_S = 3.0, 15.0


def spin_for(node: Node, seconds: float, until: Callable[[], bool] = lambda: False) -> None:
    """Serve callbacks for a while, or until a condition holds."""
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0 and not until():
        rclpy.spin_once(node, timeout_sec=min(left, 0.1))


def wait_for_graph(node: Node) -> None:
    """Wait until what the node knows of others has stayed the same for a while."""
    deadline = time.monotonic() + LONGEST_DISCOVERY_S
    known: object = None
    changed = time.monotonic()
    while time.monotonic() < min(deadline, changed + QUIET_S):
        spin_for(node, 0.1)
        if (now := node.get_topic_names_and_types()) != known:
            known, changed = now, time.monotonic()


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
