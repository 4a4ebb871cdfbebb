"""Ownership of entities made in a node.

tf2_ros makes publishers and subscriptions that it gives nobody back; the node knows them all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from rclpy.node import Node


@contextmanager
def ownership(node: Node) -> Iterator[ExitStack]:
    """Destroy entities made in the node meanwhile when the stack is closed.

    It is destroyed at once where an exception ends the block.
    """
    before = _entities(node)
    owner = ExitStack()
    with ExitStack() as made:
        try:
            yield owner
        finally:
            for entity, destroy in _entities(node).items():
                if entity not in before:
                    made.callback(destroy, entity)
        owner.callback(made.pop_all().close)


def _entities(node: Node) -> dict[Any, Callable[[Any], bool]]:
    """Every publisher, subscription and timer of a node, and what destroys it."""
    return {
        **dict.fromkeys(node.publishers, node.destroy_publisher),
        **dict.fromkeys(node.subscriptions, node.destroy_subscription),
        **dict.fromkeys(node.timers, node.destroy_timer),
    }
