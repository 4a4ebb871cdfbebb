"""The stand-in for tf2_ros: its buffer against SciPy, its broadcasters and listener over DDS."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest
import rclpy
import tf2_ros
from geometry_msgs.msg import TransformStamped
from rclpy.context import Context
from rclpy.duration import Duration
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, ReliabilityPolicy
from rclpy.time import Time
from scipy.spatial.transform import Rotation, Slerp
from tf2_msgs.msg import TFMessage

A_TURN = Rotation.from_euler("xyz", [0.3, -0.4, 0.5])
ANOTHER = Rotation.from_euler("xyz", [-1.0, 0.2, 2.0])
NEWEST = Time()


def transform(
    parent: str,
    child: str,
    translation: tuple[float, float, float] = (0.0, 0.0, 0.0),
    rotation: Rotation | None = None,
    seconds: float = 1.0,
) -> TransformStamped:
    msg = TransformStamped(child_frame_id=child)
    msg.header.frame_id = parent
    msg.header.stamp = Time(nanoseconds=int(seconds * 1e9)).to_msg()
    t, q = msg.transform.translation, msg.transform.rotation
    t.x, t.y, t.z = map(float, translation)
    q.x, q.y, q.z, q.w = (rotation or Rotation.identity()).as_quat()
    return msg


def matrix(translation: list[float] | np.ndarray, rotation: Rotation) -> np.ndarray:
    pose = np.eye(4)
    pose[:3, :3] = rotation.as_matrix()
    pose[:3, 3] = translation
    return pose


def matrix_of(msg: TransformStamped) -> np.ndarray:
    t, q = msg.transform.translation, msg.transform.rotation
    return matrix([t.x, t.y, t.z], Rotation.from_quat([q.x, q.y, q.z, q.w]))


@pytest.fixture
def buffer() -> tf2_ros.Buffer:
    """A map with a base in it, a camera on the base, and a marker in the map."""
    buffer = tf2_ros.Buffer()
    buffer.set_transform(transform("map", "base", (1, 2, 3), A_TURN, seconds=5), "test")
    buffer.set_transform_static(transform("base", "camera", (0, 0, 1), ANOTHER), "test")
    buffer.set_transform(transform("map", "marker", (4, 0, 0), seconds=7), "test")
    return buffer


BASE, CAMERA = matrix([1, 2, 3], A_TURN), matrix([0, 0, 1], ANOTHER)
MARKER = matrix([4, 0, 0], Rotation.identity())


@pytest.mark.parametrize(
    ("target", "source", "expected"),
    [
        ("map", "base", BASE),
        ("base", "map", np.linalg.inv(BASE)),
        ("map", "camera", BASE @ CAMERA),
        ("camera", "map", np.linalg.inv(BASE @ CAMERA)),
        ("base", "camera", CAMERA),
        ("camera", "camera", np.eye(4)),
    ],
)
def test_a_look_up_moves_points_from_the_source_to_the_target(
    buffer: tf2_ros.Buffer, target: str, source: str, expected: np.ndarray
) -> None:
    found = buffer.lookup_transform(target, source, NEWEST)
    np.testing.assert_allclose(matrix_of(found), expected, atol=1e-12)
    assert (found.header.frame_id, found.child_frame_id) == (target, source)


def test_time_zero_is_the_newest_time_known_all_along_the_chain(buffer: tf2_ros.Buffer) -> None:
    buffer.set_transform(transform("map", "base", seconds=9), "test")
    found = buffer.lookup_transform("camera", "marker", NEWEST)
    assert found.header.stamp.sec == 7
    halfway = matrix([0.5, 1.0, 1.5], Rotation.from_rotvec(A_TURN.as_rotvec() / 2))
    np.testing.assert_allclose(
        matrix_of(found), np.linalg.inv(halfway @ CAMERA) @ MARKER, atol=1e-12
    )


@pytest.mark.parametrize("fraction", [0.0, 0.1, 0.75, 1.0])
def test_between_two_times_the_way_is_straight_and_the_turn_steady(fraction: float) -> None:
    buffer = tf2_ros.Buffer()
    buffer.set_transform(transform("map", "base", (2, 4, 8), ANOTHER, seconds=2), "test")
    buffer.set_transform(transform("map", "base", (0, 0, 0), A_TURN, seconds=1), "test")
    found = buffer.lookup_transform("map", "base", Time(nanoseconds=int((1 + fraction) * 1e9)))
    turn = Slerp([0, 1], Rotation.concatenate([A_TURN, ANOTHER]))(fraction)
    np.testing.assert_allclose(
        matrix_of(found), matrix(fraction * np.array([2, 4, 8]), turn), atol=1e-8
    )


def test_opposite_quaternions_of_one_rotation_are_no_turn() -> None:
    buffer = tf2_ros.Buffer()
    start, end = (transform("map", "base", rotation=A_TURN, seconds=s) for s in (1, 2))
    q = end.transform.rotation
    q.x, q.y, q.z, q.w = -q.x, -q.y, -q.z, -q.w
    buffer.set_transform(start, "test")
    buffer.set_transform(end, "test")
    found = buffer.lookup_transform("map", "base", Time(seconds=1.5))
    np.testing.assert_allclose(matrix_of(found), matrix([0, 0, 0], A_TURN), atol=1e-12)


@pytest.mark.parametrize("seconds", [4.9, 5.1])
def test_times_outside_of_what_is_stored_are_extrapolation(
    buffer: tf2_ros.Buffer, seconds: float
) -> None:
    with pytest.raises(tf2_ros.ExtrapolationException, match="extrapolation"):
        buffer.lookup_transform("map", "base", Time(seconds=seconds))


def test_what_is_static_holds_at_any_time(buffer: tf2_ros.Buffer) -> None:
    found = buffer.lookup_transform("base", "camera", Time(seconds=1234.0))
    np.testing.assert_allclose(matrix_of(found), CAMERA, atol=1e-12)
    assert found.header.stamp.sec == 1234


def test_a_message_is_taken_as_time(buffer: tf2_ros.Buffer) -> None:
    assert buffer.can_transform("map", "base", Time(seconds=5).to_msg())


def test_only_the_last_ten_seconds_are_kept(buffer: tf2_ros.Buffer) -> None:
    for seconds in (14, 16):
        buffer.set_transform(transform("map", "base", seconds=seconds), "test")
    assert not buffer.can_transform("map", "base", Time(seconds=5))
    assert buffer.can_transform("map", "base", Time(seconds=15))
    buffer.set_transform(transform("map", "base", seconds=5), "late")
    assert not buffer.can_transform("map", "base", Time(seconds=5))


def test_each_failure_has_its_exception(buffer: tf2_ros.Buffer) -> None:
    buffer.set_transform_static(transform("island", "palm"), "test")
    with pytest.raises(tf2_ros.LookupException, match="nowhere"):
        buffer.lookup_transform("map", "nowhere", NEWEST)
    with pytest.raises(tf2_ros.ConnectivityException, match="palm"):
        buffer.lookup_transform("map", "palm", NEWEST)
    for frame in ("", "/map"):
        with pytest.raises(tf2_ros.InvalidArgumentException):
            buffer.lookup_transform(frame, "base", NEWEST)
    for name in ("Lookup", "Connectivity", "Extrapolation", "InvalidArgument"):
        assert issubclass(getattr(tf2_ros, f"{name}Exception"), tf2_ros.TransformException)


def test_a_loop_is_an_error_and_not_an_endless_walk(buffer: tf2_ros.Buffer) -> None:
    buffer.set_transform(transform("camera", "map"), "test")
    with pytest.raises(tf2_ros.LookupException, match="loop"):
        buffer.lookup_transform("map", "base", NEWEST)


@pytest.mark.parametrize(
    "broken",
    [
        transform("map", "map"),
        transform("", "base"),
        transform("map", ""),
        transform("map", "broken", (float("nan"), 0, 0)),
    ],
)
def test_broken_transforms_are_not_stored(broken: TransformStamped) -> None:
    buffer = tf2_ros.Buffer()
    buffer.set_transform(broken, "test")
    buffer.set_transform_static(broken, "test")
    assert not buffer.can_transform("map", broken.child_frame_id or "base", NEWEST)


def test_a_quaternion_that_is_not_normalised_is_not_stored() -> None:
    buffer = tf2_ros.Buffer()
    msg = transform("map", "base")
    msg.transform.rotation.w = 0.9
    buffer.set_transform(msg, "test")
    assert not buffer.can_transform("map", "base", NEWEST)


def test_a_frame_moves_to_its_new_parent(buffer: tf2_ros.Buffer) -> None:
    buffer.set_transform(transform("odom", "base", seconds=6), "test")
    assert buffer.can_transform("odom", "camera", NEWEST)
    assert not buffer.can_transform("map", "camera", NEWEST)


def test_only_what_is_static_is_known_after_clear(buffer: tf2_ros.Buffer) -> None:
    """It is published once: whoever forgets it never hears it again."""
    buffer.clear()
    assert not buffer.can_transform("map", "base", NEWEST)
    assert buffer.can_transform("base", "camera", NEWEST)


def test_a_look_up_waits_for_its_transform() -> None:
    buffer = tf2_ros.Buffer()
    late = threading.Timer(0.2, buffer.set_transform, (transform("map", "base"), "test"))
    late.start()
    found = buffer.lookup_transform("map", "base", NEWEST, timeout=Duration(seconds=10))
    assert found.header.stamp.sec == 1
    late.join()


def test_a_look_up_gives_up_after_its_timeout() -> None:
    start = time.monotonic()
    with pytest.raises(tf2_ros.LookupException):
        tf2_ros.Buffer().lookup_transform("map", "base", NEWEST, timeout=Duration(seconds=0.1))
    assert time.monotonic() - start >= 0.1


@pytest.fixture
def ros() -> Iterator[Callable[[str], Node]]:
    """Makes nodes that speak with each other, alone, over DDS; spins them in the background."""
    context = Context()
    rclpy.init(context=context, domain_id=1 + os.getpid() % 100)
    executor = SingleThreadedExecutor(context=context)
    thread = threading.Thread(target=executor.spin)
    thread.start()

    def make_node(name: str) -> Node:
        node = rclpy.create_node(name, context=context)
        executor.add_node(node)
        return node

    yield make_node
    executor.shutdown()
    thread.join()
    rclpy.try_shutdown(context=context)


def wait_until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_what_one_node_sends_another_looks_up(ros: Callable[[str], Node]) -> None:
    buffer = tf2_ros.Buffer()
    listener = tf2_ros.TransformListener(buffer, ros("listener"))
    sender = ros("sender")
    tf2_ros.StaticTransformBroadcaster(sender).sendTransform(
        transform("base", "camera", (0, 0, 1), ANOTHER)
    )
    broadcaster = tf2_ros.TransformBroadcaster(sender)
    wait_until(lambda: broadcaster.pub_tf.get_subscription_count() == 1)
    broadcaster.sendTransform([transform("map", "base", (1, 2, 3), A_TURN)])
    found = buffer.lookup_transform("map", "camera", NEWEST, timeout=Duration(seconds=20))
    np.testing.assert_allclose(matrix_of(found), BASE @ CAMERA, atol=1e-12)
    listener.unregister()


def test_a_late_listener_gets_all_static_transforms(ros: Callable[[str], Node]) -> None:
    broadcaster = tf2_ros.StaticTransformBroadcaster(ros("sender"))
    broadcaster.sendTransform(transform("base", "left"))
    broadcaster.sendTransform([transform("base", "right")])
    buffer = tf2_ros.Buffer()
    tf2_ros.TransformListener(buffer, ros("listener"))
    assert buffer.can_transform("left", "right", NEWEST, timeout=Duration(seconds=20))


def test_topics_and_qos_are_those_of_tf(ros: Callable[[str], Node]) -> None:
    node = ros("node")
    tf2_ros.TransformListener(tf2_ros.Buffer(), node)
    sender = tf2_ros.TransformBroadcaster(node).pub_tf
    static_sender = tf2_ros.StaticTransformBroadcaster(node).pub_tf
    assert (sender.topic_name, sender.msg_type) == ("/tf", TFMessage)
    assert (static_sender.topic_name, static_sender.msg_type) == ("/tf_static", TFMessage)
    found = {
        (end.topic_name, kind, end.qos_profile.depth): end.qos_profile
        for kind, ends in (
            ("out", [sender, static_sender]),
            ("in", [sub for sub in node.subscriptions if sub.topic_name.startswith("/tf")]),
        )
        for end in ends
    }
    durability = {key: profile.durability for key, profile in found.items()}
    assert durability == {
        ("/tf", "out", 100): DurabilityPolicy.VOLATILE,
        ("/tf", "in", 100): DurabilityPolicy.VOLATILE,
        ("/tf_static", "out", 1): DurabilityPolicy.TRANSIENT_LOCAL,
        ("/tf_static", "in", 100): DurabilityPolicy.TRANSIENT_LOCAL,
    }
    assert {profile.reliability for profile in found.values()} == {ReliabilityPolicy.RELIABLE}
