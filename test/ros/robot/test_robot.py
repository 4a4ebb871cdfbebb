"""What is known of the robot: the odometry from TF, and who asks for it."""

from __future__ import annotations

import logging
from dataclasses import replace
from unittest.mock import Mock

import numpy as np
import pytest
from geometry_msgs.msg import TransformStamped
from rclpy.node import Node
from robot_odometry import BASE_FROM_CAMERA, BASE_TO_CAMERA, Ear, odometry

from mem4d_ros.ros.conversions.pose import matrix_to_transform
from mem4d_ros.ros.conversions.stamps import ns_to_stamp
from mem4d_ros.ros.interface.settings import (
    ExternalOdometrySettings,
    FrameSettings,
    ScaleSettings,
    Settings,
    TfSettings,
)
from mem4d_ros.ros.reporting import Reporter
from mem4d_ros.ros.robot.placers import ExtrinsicsError
from mem4d_ros.ros.robot.robot import Robot
from mem4d_ros.ros.robot.tf import ForgetfulBuffer, TfOdometry

SECOND = 1_000_000_000


def ahead(x: float) -> np.ndarray:
    pose = np.eye(4)
    pose[0, 3] = x
    return pose


@pytest.fixture
def buffer() -> ForgetfulBuffer:
    """TF of a base that goes 1 m/s, over a footprint, until 10 s."""
    buffer = ForgetfulBuffer()
    fixed = TransformStamped(child_frame_id="base_link")
    fixed.header.frame_id = "base_footprint"
    fixed.transform = matrix_to_transform(np.eye(4))
    buffer.set_transform_static(fixed, "robot")
    for tenth in range(80, 101):
        moving = TransformStamped(child_frame_id="base_footprint")
        moving.header.frame_id = "odom"
        moving.header.stamp = ns_to_stamp(tenth * SECOND // 10)
        moving.transform = matrix_to_transform(ahead(tenth / 10))
        buffer.set_transform(moving, "wheels")
    return buffer


def test_tf_is_foreseen_to_go_on_for_a_moment(buffer: ForgetfulBuffer) -> None:
    odom = TfOdometry(buffer, FrameSettings())
    for asked_s, expected in ((9.25, 9.25), (10.0, 10.0), (10.3, 10.3)):
        found = odom.about(round(asked_s * SECOND))
        assert found is not None
        np.testing.assert_allclose(found, ahead(expected), atol=1e-6)
    assert odom.about(11 * SECOND) is None
    assert odom.about(2 * SECOND) is None


@pytest.mark.parametrize("newest_ns", [SECOND // 20, SECOND // 10])
def test_at_the_start_of_a_simulation_nothing_is_foreseen(newest_ns: int) -> None:
    """Before its time 0 there is no time, and 0 is TF's word for the newest."""
    buffer = ForgetfulBuffer()
    moving = TransformStamped(child_frame_id="base_link")
    moving.header.frame_id = "odom"
    moving.header.stamp = ns_to_stamp(newest_ns)
    moving.transform = matrix_to_transform(np.eye(4))
    buffer.set_transform(moving, "wheels")
    assert TfOdometry(buffer, FrameSettings()).about(newest_ns + 1) is None


def test_a_transform_without_a_stamp_makes_none_of_the_others_forgotten(
    buffer: ForgetfulBuffer,
) -> None:
    for stamp_ns in (10 * SECOND, 0):
        gripper = TransformStamped(child_frame_id="gripper")
        gripper.header.frame_id = "arm"
        gripper.header.stamp = ns_to_stamp(stamp_ns)
        gripper.transform = matrix_to_transform(np.eye(4))
        buffer.set_transform(gripper, "arm")
    assert TfOdometry(buffer, FrameSettings()).about(10 * SECOND) is not None


def test_a_tf_without_odometry_is_not_waited_for() -> None:
    assert TfOdometry(ForgetfulBuffer(), FrameSettings()).about(SECOND) is None


@pytest.mark.parametrize(
    ("tf", "scale", "is_told"),
    [
        ({"mode": "map_to_odom"}, {}, True),
        ({"mode": "base"}, {"source": "odometry"}, True),
        ({"mode": "base"}, {}, False),
    ],
)
def test_the_camera_is_told_of_where_an_odometry_is_listened_to_anyway(
    tf: dict[str, str], scale: dict[str, str], is_told: bool
) -> None:
    settings = replace(
        Settings(),
        tf=TfSettings(**tf, base_to_camera=BASE_TO_CAMERA),
        scale=ScaleSettings(**scale),
        external_odometry=ExternalOdometrySettings(source="topic"),
    )
    node = Ear()
    robot = Robot(Mock(Node, wraps=node), settings, Reporter(logging.getLogger()))
    assert robot.camera_in_odometry("camera", 10 * SECOND) is None
    assert len(node.subscribed) == is_told
    if is_told:
        node.hear(odometry(10.0, ahead(4.0)))
        found = robot.camera_in_odometry("camera", 10 * SECOND)
        np.testing.assert_allclose(found, ahead(4.0) @ BASE_FROM_CAMERA, atol=1e-6)


def test_a_camera_that_is_nowhere_on_the_robot_is_nowhere_in_the_odometry() -> None:
    settings = replace(Settings(), tf=TfSettings(mode="map_to_odom"))
    node = Ear()
    robot = Robot(Mock(Node, wraps=node), settings, Reporter(logging.getLogger()))
    robot.base_from_camera = Mock(side_effect=ExtrinsicsError("not yet"))
    robot.camera_in_odometry("camera", 10 * SECOND)
    node.hear(odometry(10.0, ahead(4.0)))
    assert robot.camera_in_odometry("camera", 10 * SECOND) is None
