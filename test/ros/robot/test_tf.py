"""What TF says of the robot, also where it says it late."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from geometry_msgs.msg import TransformStamped
from rclpy.time import Time
from ros_probe import Start

from mem4d_ros.ros.conversions.pose import matrix_to_transform
from mem4d_ros.ros.conversions.stamps import ns_to_stamp
from mem4d_ros.ros.interface.settings import FrameSettings
from mem4d_ros.ros.robot.placers import ExtrinsicsError
from mem4d_ros.ros.robot.tf import TfInput

SECOND = 10**9


@pytest.fixture
def tf(start: Start, monkeypatch: pytest.MonkeyPatch) -> TfInput:
    """TF that has heard of a joint at 10 s."""
    monkeypatch.setattr("mem4d_ros.ros.robot.tf.PATIENCE_S", 5.0)
    heard = TfInput(start().node, FrameSettings())
    hear(heard, 10.0)
    return heard


def hear(tf: TfInput, second: float) -> None:
    """A mast that turns the camera about, and rises by 1 m/s."""
    transform = TransformStamped(child_frame_id="camera")
    transform.header.frame_id = "base_link"
    transform.header.stamp = ns_to_stamp(round(second * SECOND))
    place = np.eye(4)
    place[2, 3] = second
    transform.transform = matrix_to_transform(place)
    tf._buffer.set_transform(transform, "test")


def test_a_joint_that_is_sent_after_it_moved_is_waited_for(tf: TfInput) -> None:
    answers: list[np.ndarray] = []
    asking = threading.Thread(
        target=lambda: answers.append(tf.base_from_camera("camera", round(10.05 * SECOND)))
    )
    asking.start()
    hear(tf, 10.1)
    asking.join()
    assert answers[0][2, 3] == pytest.approx(10.05)


def test_a_joint_that_falls_silent_is_told_from_one_that_nobody_publishes(
    tf: TfInput, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mem4d_ros.ros.robot.tf.PATIENCE_S", 0.01)
    assert tf._buffer.can_transform("base_link", "camera", Time())
    with pytest.raises(ExtrinsicsError, match="at more than 10 Hz and with the camera's clock"):
        tf.base_from_camera("camera", 11 * SECOND)
    with pytest.raises(ExtrinsicsError, match="as robot_state_publisher does"):
        tf.base_from_camera("rear_camera", 11 * SECOND)
