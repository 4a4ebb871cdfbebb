"""Which links are believed, by what is known of the way between the two keyframes."""

from __future__ import annotations

from unittest.mock import Mock

import numpy as np
import pytest

from mem4d_ros.mapping.keyframes import Keyframe, Map
from mem4d_ros.mapping.links import HARDLY_SEEN, UNMISTAKABLE, Link, is_drift, is_possible

FEW, MANY = UNMISTAKABLE - 1, UNMISTAKABLE


def way(shared: int, variance: float = 0.0) -> Map:
    """Four keyframes, a metre from each other, each of which sees so much of the one before."""
    world = Map()
    for number in range(4):
        pose = np.eye(4)
        pose[0, 3] = number
        seen = np.arange(60) + number * (60 - shared)
        covariance = variance * np.eye(6)
        world.keyframes[number] = Mock(
            Keyframe, number=number, camera_to_world=pose, landmarks=seen, covariance=covariance
        )
    return world


def link(seen: int, scale: float = 1.0, aside: float = 0.0) -> Link:
    """From the last keyframe to the first; the last is moved aside by metres, and made larger."""
    motion = np.diag([scale, scale, scale, 1.0])
    motion[0, 3] = 3 * (1 - scale)
    motion[1, 3] = aside
    nothing = np.empty((seen, 2))
    return Link(0, 3, motion, np.eye(4), 2.0, np.arange(seen), nothing, np.empty((seen, 32)))


def test_as_much_as_drifts_on_such_a_way_is_believed() -> None:
    assert is_drift(way(40), link(FEW, aside=1.0))
    assert not is_drift(way(40), link(FEW, aside=1.5))
    assert not is_drift(way(40), link(FEW, scale=3.0))


@pytest.mark.parametrize("seen", [FEW, MANY])
@pytest.mark.parametrize("shared", [HARDLY_SEEN - 1, HARDLY_SEEN])
def test_a_way_that_was_hardly_seen_can_have_drifted_anyhow(seen: int, shared: int) -> None:
    """But it takes a link that cannot be mistaken."""
    believed = seen == MANY and shared < HARDLY_SEEN
    assert is_drift(way(shared), link(seen, scale=3.0, aside=5.0)) == believed


def test_another_piece_has_a_keyframe_where_the_covariance_allows_it() -> None:
    def possible(variance: float, seen: int = FEW) -> bool:
        return is_possible(way(40, variance), way(40, variance), link(seen, aside=20.0))

    assert not possible(1.0)
    assert possible(20.0)
    assert possible(1.0, MANY)
