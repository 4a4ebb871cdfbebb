"""A bag's odometry says where the camera is, however it is mounted."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bags import START_NS, Topic, image_message, odometry_message, tf_message, write_bag

from mem4d_ros.datasets import FrameError
from mem4d_ros.datasets.bag_odometry import BagOdometry
from mem4d_ros.geometry.pose_text import parse_pose

IMAGE = image_message(np.zeros((4, 6, 3), np.uint8), "rgb8")  # of the frame 'camera'
BASE_FROM_MAST = parse_pose("0.1 0 0.8 0 0.2 0")
MAST_FROM_CAMERA = parse_pose("0.05 0.02 0 -1.57 0 -1.57")
POSES = [parse_pose("1 2 0 0 0 0.5"), parse_pose("1.2 2.1 0 0 0 0.6")]
MOUNTED = tf_message(mast=("base_link", BASE_FROM_MAST), camera=("mast", MAST_FROM_CAMERA))


def recorded(folder: Path, mounted: Any, poses: list[Any] | None = None) -> Path:
    poses = poses or [odometry_message(pose, START_NS + index) for index, pose in enumerate(POSES)]
    return write_bag(
        folder / "bag",
        Topic("/camera/image_raw", [IMAGE]),
        Topic("/odom", poses),
        Topic("/tf_static", [mounted]),
    )


def test_poses_are_those_of_the_camera_at_their_stamps(tmp_path: Path) -> None:
    odometry = BagOdometry(recorded(tmp_path, MOUNTED), "/odom")
    for _ in range(2):
        found = list(odometry)
        assert [stamp for stamp, _ in found] == [START_NS, START_NS + 1]
        for (_, pose), odom_from_base in zip(found, POSES, strict=True):
            expected = odom_from_base @ BASE_FROM_MAST @ MAST_FROM_CAMERA
            np.testing.assert_allclose(pose, expected, atol=1e-9)


def test_base_and_camera_may_hang_on_a_third_frame(tmp_path: Path) -> None:
    footprint = tf_message(
        base_link=("footprint", parse_pose("0 0 0.2 0 0 0.1")),
        camera=("/footprint", parse_pose("0.3 0 0.9 -1.57 0 -1.57")),
    )
    (_, pose), _ = BagOdometry(recorded(tmp_path, footprint), "/odom")
    base_from_camera = np.linalg.inv(parse_pose("0 0 0.2 0 0 0.1")) @ parse_pose(
        "0.3 0 0.9 -1.57 0 -1.57"
    )
    np.testing.assert_allclose(pose, POSES[0] @ base_from_camera, atol=1e-9)


def test_a_place_that_is_given_is_believed(tmp_path: Path) -> None:
    given = parse_pose("0 0 1 0 0 0")
    (_, pose), _ = BagOdometry(recorded(tmp_path, MOUNTED), "/odom", None, given)
    np.testing.assert_allclose(pose, POSES[0] @ given, atol=1e-9)


@pytest.mark.parametrize(
    "mounted",
    [
        tf_message(camera=("mast", MAST_FROM_CAMERA)),
        tf_message(camera=("mast", MAST_FROM_CAMERA), mast=("camera", BASE_FROM_MAST)),
    ],
    ids=["nothing leads there", "a circle"],
)
def test_a_place_that_nobody_tells_is_asked_for(mounted: Any, tmp_path: Path) -> None:
    with pytest.raises(FrameError, match=r"from 'base_link'.*'camera': give --base-to-camera"):
        BagOdometry(recorded(tmp_path, mounted), "/odom")


def test_poses_that_no_robot_has_are_left_out_and_said(tmp_path: Path) -> None:
    wrong = odometry_message(POSES[0])
    wrong.pose.pose.position.x = float("nan")
    said: list[str] = []
    bag = recorded(tmp_path, MOUNTED, [wrong, odometry_message(POSES[1])])
    assert len(list(BagOdometry(bag, "/odom", say=said.append))) == 1
    assert said == ["/odom: a pose is left out: its position is nan, 2, 0"]


def test_another_topic_is_refused_with_those_that_have_odometry(tmp_path: Path) -> None:
    bag = recorded(tmp_path, MOUNTED)
    with pytest.raises(FrameError, match=r"no odometry .* on /tf_static; those with it: /odom"):
        BagOdometry(bag, "/tf_static")
    without = write_bag(tmp_path / "images", Topic("/image", [IMAGE]))
    with pytest.raises(FrameError, match="nor has any other topic"):
        BagOdometry(without, "/odom")
    with pytest.raises(FrameError, match="is not a ROS bag, so it has no odometry /odom"):
        BagOdometry(tmp_path, "/odom")


def test_a_bag_is_not_called_damaged_where_its_reader_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bag, said = recorded(tmp_path, MOUNTED), []
    monkeypatch.setitem(sys.modules, "rosbags", None)
    (file,) = bag.glob("*.db3")
    for source in (bag, file):
        with pytest.raises(FrameError, match="a ROS bag needs the package rosbags"):
            BagOdometry(source, "/odom", say=said.append)
    assert not said


def test_a_mounting_without_a_turn_is_none(tmp_path: Path) -> None:
    """Zeros that nobody has set: everything would become NaN."""
    unset = tf_message(camera=("base_link", MAST_FROM_CAMERA))
    unset.transforms[0].transform.rotation.x = unset.transforms[0].transform.rotation.y = 0.0
    unset.transforms[0].transform.rotation.z = unset.transforms[0].transform.rotation.w = 0.0
    with pytest.raises(FrameError, match="give --base-to-camera"):
        BagOdometry(recorded(tmp_path, unset), "/odom")
