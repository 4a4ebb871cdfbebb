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

MAP_TO_ODOM = {"mode": "map_to_odom", "base_to_camera": BASE_TO_CAMERA}


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
    stamps = []
    for stamp in range(10, 60):  # the first ones perhaps before the node has heard the odometry
        tell(stamp)
        play(stamp)
        stamps = [t.header.stamp.sec for t in own(transforms)]
        if len(stamps) >= 3:
            break
    map_from_base = {pose.header.stamp.sec: pose_to_matrix(pose.pose.pose) for pose in poses}
    # The first is sent for its image and post-dated, the others post-dated, by 1 s.
    assert np.diff(stamps).tolist() == [1] * (len(stamps) - 1)
    of_images = [stamps[0], *(stamp - 1 for stamp in stamps[1:])]
    for message, stamp in zip(own(transforms), of_images, strict=True):
        assert message.child_frame_id == "odom"
        through_odometry = transform_to_matrix(message.transform) @ drifting(stamp)
        np.testing.assert_allclose(through_odometry, map_from_base[stamp], atol=1e-6)
    assert len(stamps) == 3
    parents = {(t.child_frame_id, t.header.frame_id) for m in transforms for t in m.transforms}
    assert len(parents) == len({child for child, _ in parents})


def test_the_newest_odometry_has_a_place_in_the_map(driving: Driving) -> None:
    """As Nav2 asks for it: at a stamp that no image is as new as."""
    ros, transforms, _, play = driving(
        tf=MAP_TO_ODOM | {"transform_tolerance_s": 0.4}, external_odometry={"source": "tf"}
    )
    buffer = Buffer()
    listener = TransformListener(buffer, ros.probe)
    tell = tell_by_tf(ros)
    for stamp in range(10, 60):
        tell(stamp)
        play(stamp)
        if own(transforms):
            break
    newest = Time(seconds=stamp, nanoseconds=100_000_000)
    for asked in (Time(seconds=stamp), newest):
        ros.wait_for(lambda t=asked: buffer.can_transform("map", "base_link", t), f"{asked}")
    tell(stamp + 1)
    later = Time(seconds=stamp + 1, nanoseconds=100_000_000)
    ros.wait_for(lambda: buffer.can_transform("odom", "base_link", later), "newer odometry")
    assert not buffer.can_transform("map", "base_link", later)  # that is too old
    listener.unregister()


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
