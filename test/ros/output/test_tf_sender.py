"""Who else says where a frame is, and until when that counts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from builtin_interfaces.msg import Time
from geometry_msgs.msg import TransformStamped
from std_msgs.msg import Header
from tf2_msgs.msg import TFMessage

from mem4d_ros.ros.output.tf_sender import REMEMBERED_S, FrameTaken, OtherTransforms, TfSender


class Clocked:
    """A node that subscribes to nothing, and the time."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def create_subscription(self, *given: Any) -> None:
        pass


@pytest.fixture
def node() -> Clocked:
    return Clocked()


@pytest.fixture
def others(node: Clocked) -> OtherTransforms:
    return OtherTransforms(node, "map", lambda: node.now_s)


def transform(parent: str, child: str, x: float = 0.0, second: int = 1) -> TransformStamped:
    found = TransformStamped(child_frame_id=child)
    found.header = Header(frame_id=parent, stamp=Time(sec=second))
    found.transform.translation.x = x
    return found


def said(*transforms: TransformStamped) -> TFMessage:
    return TFMessage(transforms=transforms)


def test_a_parent_counts_as_long_as_tf_keeps_it_and_a_static_one_for_ever(
    node: Clocked, others: OtherTransforms
) -> None:
    others.note(said(transform("odom", "base_link")))
    others.note_static(said(transform("base_link", "camera")))
    assert (others.parent_of("base_link"), others.parent_of("camera")) == ("odom", "base_link")
    node.now_s += REMEMBERED_S + 0.1
    assert (others.parent_of("base_link"), others.parent_of("camera")) == (None, "base_link")


def test_another_that_places_the_same_frame_in_the_map_is_told_from_this_node(
    node: Clocked, others: OtherTransforms
) -> None:
    """Also where both are of the same images; what nobody sends here is no matter of this node."""
    own = transform("map", "base_link", 1.5)
    others.note(said(transform("map", "base_link", 7.0), transform("map", "table")))
    assert not others.have_rival_for("base_link")  # it had not been sent from here
    others.expect(own)
    others.note(said(own))
    assert not others.have_rival_for("base_link")
    others.note(said(transform("map", "base_link", 1.6)))
    assert others.have_rival_for("base_link")
    assert not others.have_rival_for("table")
    node.now_s += REMEMBERED_S + 0.1
    assert not others.have_rival_for("base_link")


def test_the_table_of_others_frames_is_bounded(
    others: OtherTransforms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A broken publisher that names ever new frames must not fill the memory."""
    monkeypatch.setattr("mem4d_ros.ros.output.tf_sender.MAX_FRAMES", 3)
    others.note(said(*(transform("elsewhere", f"frame{i}") for i in range(9))))
    found = [others.parent_of(f"frame{i}") for i in range(4)]
    assert found == ["elsewhere"] * 3 + [None]


class Broadcaster:
    """Keeps what is sent."""

    def __init__(self, node: object) -> None:
        self.sent: list[TransformStamped] = []

    def sendTransform(self, transform: TransformStamped) -> None:  # noqa: N802
        self.sent.append(transform)


@pytest.fixture
def sender(node: Clocked, monkeypatch: pytest.MonkeyPatch) -> TfSender:
    monkeypatch.setattr("tf2_ros.TransformBroadcaster", Broadcaster)
    return TfSender(node, "map")


def send(sender: TfSender) -> Callable[[], None]:
    return lambda: sender.send("base_link", np.eye(4), Header(frame_id="map", stamp=Time(sec=5)))


def test_a_frame_with_another_parent_is_not_sent(sender: TfSender) -> None:
    sender._others.note(said(transform("odom", "base_link")))
    with pytest.raises(FrameTaken, match=r"'base_link' under 'odom'.*tf\.mode map_to_odom"):
        send(sender)()
    assert not sender._broadcaster.sent


def test_a_frame_that_another_node_places_is_sent_and_said(sender: TfSender) -> None:
    """Were both to stop, nobody would place it."""
    send(sender)()
    sender._others.note(said(transform("map", "base_link", 3.0)))
    with pytest.raises(FrameTaken, match="another node publishes 'base_link' under 'map' as well"):
        send(sender)()
    assert len(sender._broadcaster.sent) == 2
