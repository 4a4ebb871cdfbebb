"""tf.mode map_to_odom: an external odometry keeps its tree, and the map is put above it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from geometry_msgs.msg import TransformStamped
from nav_msgs.msg import Odometry
from rclpy.time import Time
from robot_odometry import BASE_TO_CAMERA, odom_from_base, odometry
from ros_probe import Ros, Start, make_image
from sensor_msgs.msg import Image
from tf2_msgs.msg import TFMessage
from tf2_ros import Buffer, StaticTransformBroadcaster, TransformBroadcaster, TransformListener
from wall_model import moving

from mem4d_ros.ros.conversions.pose import (
    matrix_to_transform,
    pose_to_matrix,
    transform_to_matrix,
)
from mem4d_ros.sensor_messages.stamps import stamp_to_ns

MAP_TO_ODOM = {
    "mode": "map_to_odom",
    "base_to_camera": BASE_TO_CAMERA,
    "transform_tolerance_s": 0.5,
}


def drifting(stamp_s: float) -> np.ndarray:
    """Odometry that goes its own way, at constant speed: (4, 4)."""
    pose = odom_from_base(moving(0))
    pose[:3, 3] += np.array([0.3, 0.1, 0.0]) * stamp_s
    return pose


def transform(parent: str, child: str, matrix: np.ndarray, stamp: Time) -> TransformStamped:
    message = TransformStamped(child_frame_id=child, transform=matrix_to_transform(matrix))
    message.header.frame_id = parent
    message.header.stamp = stamp
    return message


def tell_by_topic(ros: Ros) -> Callable[[int], None]:
    """Publish poses before and after an image's time, never at it."""
    talker = ros.talker(Odometry, "/odometry")

    def tell(stamp_s: int) -> None:
        for beside in (-0.1, 0.1):
            talker.publish(odometry(stamp_s + beside, drifting(stamp_s + beside)))

    return tell


def tell_by_tf(ros: Ros) -> Callable[[int], None]:
    """The same in TF, as robot_localization does."""
    broadcaster = TransformBroadcaster(ros.probe)

    def tell(stamp_s: int) -> None:
        for beside in (-0.1, 0.1):
            stamp = odometry(stamp_s + beside, np.eye(4)).header.stamp
            pose = drifting(stamp_s + beside)
            broadcaster.sendTransform(transform("odom", "base_link", pose, stamp))

    return tell


Driving = Callable[..., tuple[Ros, list[TFMessage], list[Odometry], Callable[[int], None]]]


@pytest.fixture
def driving(start: Start) -> Driving:
    """A node with a listener to TF and its poses, and a function that plays images."""

    def driving(
        **groups: Any,
    ) -> tuple[Ros, list[TFMessage], list[Odometry], Callable[[int], None]]:
        ros = start(**{"tf": MAP_TO_ODOM} | groups)
        transforms = ros.listen(TFMessage, "/tf")
        poses = ros.listen(Odometry, "/mem4d/odometry")
        images = ros.talker(Image, "/image")

        def play(stamp: int) -> None:
            before = len(poses)
            ros.play(images, make_image(stamp))
            ros.wait_for(lambda: len(poses) > before, "a pose")

        return ros, transforms, poses, play

    return driving


def own(transforms: list[TFMessage]) -> list[TransformStamped]:
    """What the node has sent."""
    sent = [t for message in transforms for t in message.transforms]
    return [t for t in sent if t.header.frame_id == "map"]


def seconds(message: TransformStamped) -> float:
    return stamp_to_ns(message.header.stamp) * 1e-9


@pytest.mark.parametrize(
    ("source", "told_by", "introduction"),
    [
        ("topic", tell_by_topic, "odometry from /odometry (best effort, depth 100)"),
        ("tf", tell_by_tf, "odometry from TF"),
    ],
)
def test_map_to_odom_closes_the_chain_to_the_base(
    driving: Driving,
    source: str,
    told_by: Callable[[Ros], Callable[[int], None]],
    introduction: str,
    capfd: pytest.CaptureFixture[str],
) -> None:
    ros, transforms, poses, play = driving(external_odometry={"source": source})
    assert introduction in capfd.readouterr().err
    tell = told_by(ros)
    tell(10)
    closed = 0
    for stamp in range(10, 60):  # the first ones perhaps before the node has heard the odometry
        play(stamp)
        tell(stamp + 1)  # the first of its poses is at 0.9 s, and post-dated by 0.5 s
        time.sleep(0.1)
        renewed = [
            t.transform
            for t in own(transforms)
            if seconds(t) == pytest.approx(stamp + 1.4, abs=1e-6)
        ]
        if renewed:
            through_odometry = transform_to_matrix(renewed[0]) @ drifting(stamp)
            map_from_base = pose_to_matrix(poses[-1].pose.pose)
            np.testing.assert_allclose(through_odometry, map_from_base, atol=1e-6)
            closed += 1
        if closed >= 3:
            break
    assert closed >= 3
    assert {t.child_frame_id for t in own(transforms)} == {"odom"}
    assert np.diff([seconds(t) for t in own(transforms)]).min() > 0
    parents = {(t.child_frame_id, t.header.frame_id) for m in transforms for t in m.transforms}
    assert len(parents) == len({child for child, _ in parents})


def test_the_newest_odometry_has_a_place_in_the_map(driving: Driving) -> None:
    """As Nav2 asks for it: at a stamp that no image is as new as, for as long as 10 s."""
    ros, transforms, _, play = driving(external_odometry={"source": "tf"})
    buffer = Buffer()
    listener = TransformListener(buffer, ros.probe)
    tell = tell_by_tf(ros)
    for stamp in range(10, 60):
        tell(stamp)
        play(stamp)
        if own(transforms):
            break
    for later in (stamp, stamp + 1, stamp + 2, stamp + 9):
        tell(later)
        newest = Time(seconds=later, nanoseconds=100_000_000)
        ros.wait_for(lambda t=newest: buffer.can_transform("map", "base_link", t), f"{newest}")
    tell(stamp + 11)
    too_late = Time(seconds=stamp + 11, nanoseconds=100_000_000)
    ros.wait_for(lambda: buffer.can_transform("odom", "base_link", too_late), "newer odometry")
    time.sleep(0.3)
    assert not buffer.can_transform("map", "base_link", too_late)
    listener.unregister()


def test_a_fast_odometry_does_not_flood_tf(driving: Driving) -> None:
    ros, transforms, _, play = driving()
    talker = ros.talker(Odometry, "/odometry")
    for stamp in range(10, 60):
        tell_by_topic(ros)(stamp)
        play(stamp)
        if own(transforms):
            break
    before = len(own(transforms))
    newest_s = stamp + 0.1
    for step in range(1, 401):  # one second of 400 Hz
        talker.publish(odometry(newest_s + step / 400, drifting(newest_s + step / 400)))
        time.sleep(1e-3)
    ros.wait_for(lambda: seconds(own(transforms)[-1]) > newest_s + 1.4, "the end")
    assert 10 <= len(own(transforms)) - before <= 21


def test_a_node_that_is_not_active_sends_no_transforms(driving: Driving) -> None:
    ros, transforms, _, play = driving()
    tell = tell_by_topic(ros)
    for stamp in range(10, 60):
        tell(stamp)
        play(stamp)
        if own(transforms):
            break
    ros.node.trigger_deactivate()
    sent = len(own(transforms))
    tell(stamp + 1)
    time.sleep(0.3)
    assert len(own(transforms)) == sent


def test_a_recording_in_a_loop_has_its_odometry_in_every_lap(driving: Driving) -> None:
    ros, transforms, _, play = driving(external_odometry={"source": "tf"})
    tell = tell_by_tf(ros)
    found = []
    for lap in range(2):
        for stamp in range(100, 124, 3):  # longer than the 10 s that TF keeps
            before = len(own(transforms))
            tell(stamp)
            time.sleep(0.1)  # until the node has heard it
            play(stamp)
            found.append((lap, stamp, len(own(transforms)) > before))
    assert sum(was_found for lap, _, was_found in found if lap == 1) >= 7, found


def test_without_odometry_there_is_no_map_to_odom_and_everything_else(driving: Driving) -> None:
    ros, transforms, poses, play = driving()
    play(10)
    assert poses[0].child_frame_id == "base_link"
    assert "/odometry has no poses about the image's time" in ros.status().last_error
    assert not transforms


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"frame_id": "world"}, "is of 'base_link' in 'world'"),
        ({"child_frame_id": "base_footprint"}, "is of 'base_footprint' in 'odom'"),
    ],
)
def test_odometry_of_other_frames_is_refused(
    driving: Driving, wrong: dict[str, str], reason: str
) -> None:
    ros, transforms, _, play = driving()
    talker = ros.talker(Odometry, "/odometry")
    for stamp in (9.9, 10.1):
        talker.publish(odometry(stamp, drifting(stamp), **wrong))
    ros.wait_for(lambda: reason in ros.status().last_error)
    play(10)
    assert not transforms


@pytest.mark.parametrize(
    ("part", "axis", "value"), [("orientation", "w", 0.0), ("position", "x", math.nan)]
)
def test_odometry_that_is_no_pose_is_refused(
    driving: Driving, part: str, axis: str, value: float
) -> None:
    ros, transforms, _, play = driving()
    talker = ros.talker(Odometry, "/odometry")
    for stamp in (9.9, 10.1):
        broken = odometry(stamp, np.eye(4))
        setattr(getattr(broken.pose.pose, part), axis, value)
        talker.publish(broken)
    ros.wait_for(lambda: "a pose that is no pose" in ros.status().last_error)
    play(10)
    assert not transforms


def test_odometry_that_has_a_parent_already_gets_no_other(driving: Driving) -> None:
    ros, transforms, _, play = driving()
    tell = tell_by_topic(ros)
    StaticTransformBroadcaster(ros.probe).sendTransform(
        transform("earth", "odom", np.eye(4), odometry(0, np.eye(4)).header.stamp)
    )
    for stamp in range(10, 100):  # until the node has heard of the other parent
        tell(stamp)
        play(stamp)
        if "'odom' under 'earth'" in ros.status().last_error:
            break
    sent = len(own(transforms))
    assert "'odom' under 'earth'" in ros.status().last_error
    for later in (stamp + 1, stamp + 2):
        tell(later)
        play(later)
    assert len(own(transforms)) == sent
