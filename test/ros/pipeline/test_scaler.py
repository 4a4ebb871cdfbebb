"""scale.source: what is published is in true metres, and ~/status says how sure that is."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from mem4d_ros.msg import Mem4DStatus
from nav_msgs.msg import Odometry, Path
from rclpy.qos import DurabilityPolicy, QoSProfile
from robot_odometry import BASE_TO_CAMERA, odom_from_base, odometry
from ros_probe import Ros, Session, Start, make_image
from sensor_msgs.msg import Image, PointCloud2
from wall_model import WALL_M, WallModel, moving

TRUE_SCALE = 2.5
FROM_ODOMETRY = {"source": "odometry"}


def sideways(frame: float) -> np.ndarray:
    """Pose (4, 4) of a camera that moves along the wall."""
    pose = np.eye(4)
    pose[0, 3] = 0.05 * frame
    return pose


Driving = Callable[..., tuple[Ros, Callable[[int], Mem4DStatus]]]


@pytest.fixture
def driving(start: Start) -> Driving:
    """A node that measures its scale, and a function that drives on for a frame."""

    def driving(**groups: Any) -> tuple[Ros, Callable[[int], Mem4DStatus]]:
        ros = start(
            WallModel(sideways),
            scale=FROM_ODOMETRY,
            tf={"base_to_camera": BASE_TO_CAMERA},
            **groups,
        )
        talker = ros.talker(Odometry, "/odometry")
        images = ros.talker(Image, "/image")

        def drive(frame: int) -> Mem4DStatus:
            """Odometry is told about the image's time, never at it."""
            for beside in (-0.01, 0.01):
                pose = odom_from_base(sideways(frame + 10 * beside), TRUE_SCALE)
                talker.publish(odometry(10 + frame / 10 + beside, pose))
            ros.play(images, make_image(10 + frame / 10))
            return ros.status()

        return ros, drive

    return driving


def test_the_models_metres_are_taken_for_true_unless_told(
    session: Session,
) -> None:
    ros, received = session(frames=1)
    assert (ros.status().scale, ros.status().scale_deviation) == (1, 0)
    np.testing.assert_allclose(ros.depth(received["~/depth/image"][0]), WALL_M, atol=1e-5)


def test_before_the_first_image_there_is_no_scale(start: Start) -> None:
    assert math.isnan(start().status().scale)


def test_a_fixed_scale_multiplies_clouds_depth_and_poses_alike(
    session: Session,
) -> None:
    ros, received = session(frames=3, scale={"source": "fixed", "value": 2.0})
    assert (ros.status().scale, ros.status().scale_deviation) == (2, 0)
    for in_map, in_camera, image in zip(
        received["~/points"], received["~/points_camera"], received["~/depth/image"], strict=True
    ):
        np.testing.assert_allclose(ros.xyz(in_map)[:, 0], 2 * WALL_M, atol=1e-5)
        np.testing.assert_allclose(ros.xyz(in_camera)[:, 2], ros.depth(image).ravel(), rtol=1e-6)
    position = received["~/odometry"][2].pose.pose.position
    right, down, ahead = moving(2)[:3, 3]
    assert (position.x, position.y, position.z) == pytest.approx((2 * ahead, -2 * right, -2 * down))


@pytest.mark.parametrize(("true_scale", "is_said"), [(TRUE_SCALE, True), (1.05, False)])
def test_an_odometry_with_other_metres_than_the_network_is_pointed_out(
    start: Start, capfd: pytest.CaptureFixture[str], true_scale: float, is_said: bool
) -> None:
    ros = start(WallModel(sideways), tf={"mode": "map_to_odom", "base_to_camera": BASE_TO_CAMERA})
    talker = ros.talker(Odometry, "/odometry")
    images = ros.talker(Image, "/image")
    for frame in range(60):
        talker.publish(odometry(10 + frame / 10, odom_from_base(sideways(frame), true_scale)))
        time.sleep(0.02)
        ros.play(images, make_image(10 + frame / 10))
    said = "what the network takes for a metre is 2.50 m by the odometry"
    assert capfd.readouterr().err.count(said) == is_said


def test_odometry_finds_the_scale_and_says_how_well(driving: Driving) -> None:
    ros, drive = driving()
    depths = ros.listen(Image, "/mem4d/depth/image")
    first = drive(0)
    assert (first.scale, first.scale_deviation) == (1, math.inf)
    for frame in range(1, 15):
        last = drive(frame)
    assert last.scale == pytest.approx(TRUE_SCALE, rel=0.01)
    assert last.scale_deviation < 0.01
    ros.wait_for(lambda: len(depths) == 15)
    np.testing.assert_allclose(ros.depth(depths[0]), WALL_M, atol=1e-5)
    np.testing.assert_allclose(ros.depth(depths[-1]), TRUE_SCALE * WALL_M, rtol=0.01)


def test_a_way_of_unknown_size_is_said_to_be_one_and_grows_when_it_is_known(
    driving: Driving,
) -> None:
    ros, drive = driving()
    moves, paths = ros.listen(Odometry, "/mem4d/odometry"), ros.listen(Path, "/mem4d/path")
    known = [math.isfinite(drive(frame).scale_deviation) for frame in range(15)]
    ros.wait_for(lambda: len(moves) == len(paths) == 15)
    for pose_and_twist, is_known in zip(moves, known, strict=True):
        assert (pose_and_twist.pose.covariance[0] < 1) == is_known
        assert (pose_and_twist.twist.covariance[0] < 1) <= is_known
    assert 5 < sum(known) < 12
    sideways_m = [-pose.pose.position.y for pose in paths[-1].poses]
    true_m = TRUE_SCALE * 0.05 * np.arange(15)
    np.testing.assert_allclose(sideways_m, true_m, rtol=0.02, atol=1e-6)


def test_nothing_of_unknown_size_enters_the_static_map(driving: Driving) -> None:
    ros, drive = driving(static_map={"period_s": 0.1, "voxel_size": 0.3})
    latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
    maps = ros.listen(PointCloud2, "/mem4d/static_map", latched)
    unknown = 0
    for frame in range(100):
        unknown += math.isinf(drive(frame).scale_deviation)
        if maps and maps[-1].width:
            break
    assert unknown >= 5
    np.testing.assert_allclose(ros.xyz(maps[-1])[:, 0], TRUE_SCALE * WALL_M, rtol=0.02)


def test_without_odometry_the_scale_stays_unknown_and_frames_come(
    start: Start, capfd: pytest.CaptureFixture[str]
) -> None:
    ros = start(scale=FROM_ODOMETRY, tf={"base_to_camera": BASE_TO_CAMERA})
    ros.play(ros.talker(Image, "/image"), make_image(1), make_image(2))
    assert ros.status().frames_processed == 2
    assert ros.status().scale_deviation == math.inf
    assert "nothing is learned of the scale: /odometry has no poses" in capfd.readouterr().err
