"""A pose of the odometry that is due is waited for; one that is not is missed at once."""

from __future__ import annotations

import threading
import time
from types import SimpleNamespace

import numpy as np
import pytest
from robot_odometry import Ear, odometry

from mem4d_ros.geometry import transform_points
from mem4d_ros.ros.interface.settings import FrameSettings
from mem4d_ros.ros.robot.odometry import OdometryMissing, TopicOdometry


@pytest.fixture
def ear() -> Ear:
    return Ear()


@pytest.fixture
def told(ear: Ear, monkeypatch: pytest.MonkeyPatch) -> TopicOdometry:
    """Odometry with all patience, that has heard of 10 s."""
    monkeypatch.setattr("mem4d_ros.ros.robot.odometry.PATIENCE_S", 30)
    told = TopicOdometry(ear, FrameSettings(), reporter=None)
    ear.hear(odometry(10.0, np.eye(4)))
    return told


def test_the_pose_after_the_image_may_come_later_than_the_image(
    ear: Ear, told: TopicOdometry
) -> None:
    answers = []
    asking = threading.Thread(target=lambda: answers.append(told(10_050_000_000)))
    asking.start()
    one_ahead = np.eye(4)
    one_ahead[0, 3] = 1
    ear.hear(odometry(10.1, one_ahead))
    asking.join()
    origin = transform_points(answers[0], np.zeros(3))
    np.testing.assert_allclose(origin, [0.5, 0, 0], atol=1e-6)


@pytest.mark.parametrize("stamp_s", [9, 11])
def test_what_cannot_come_is_not_waited_for(told: TopicOdometry, stamp_s: int) -> None:
    before = time.monotonic()
    with pytest.raises(OdometryMissing, match=f"/odometry has no poses .*, {stamp_s}.000 s"):
        told(stamp_s * 1_000_000_000)
    assert time.monotonic() - before < 10


def test_a_guess_waits_for_nothing(told: TopicOdometry, ear: Ear) -> None:
    before = time.monotonic()
    assert told.about(10_050_000_000) is None  # of a single pose nothing is foreseen
    one_ahead = np.eye(4)
    one_ahead[0, 3] = 1
    ear.hear(odometry(10.1, one_ahead))
    guess = told.about(10_150_000_000)
    assert guess is not None
    assert guess[0, 3] == pytest.approx(1.5, abs=1e-6)
    assert time.monotonic() - before < 10


def test_frames_are_named_with_a_slash_as_well(told: TopicOdometry, ear: Ear) -> None:
    """As drivers that are older than tf2 do."""
    pose = np.eye(4)
    pose[0, 3] = 2.0
    ear.hear(odometry(12.0, pose, "/odom", "/base_link"))
    np.testing.assert_allclose(told(12_000_000_000), pose)


@pytest.mark.parametrize(
    ("part", "value", "fault"),
    [
        ("orientation", 1e200, "orientation has the length 1e+200"),
        ("position", 1e200, "position is 1e+200, 0, 0"),
        ("position", -2e9, "position is -2e+09, 0, 0"),
        ("position", float("nan"), "position is nan, 0, 0"),
    ],
)
def test_numbers_of_no_robot_are_refused(ear: Ear, part: str, value: float, fault: str) -> None:
    """Their squares overflow."""
    complaints = []
    reporter = SimpleNamespace(error=lambda key, text: complaints.append(text))
    told = TopicOdometry(ear, FrameSettings(), reporter)
    message = odometry(10.0, np.eye(4))
    getattr(message.pose.pose, part).x = value
    ear.hear(message)
    assert f"a pose that is no pose: its {fault}" in complaints[0]
    with pytest.raises(OdometryMissing):
        told(10_000_000_000)


def test_an_odometry_that_is_late_goes_on_as_it_went(
    ear: Ear, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mem4d_ros.ros.robot.odometry.PATIENCE_S", 0.01)
    told, ahead = TopicOdometry(ear, FrameSettings(), reporter=None), np.eye(4)
    for step in range(4):  # 1 m/s, 10 Hz
        ahead[0, 3] = 0.1 * step
        ear.hear(odometry(10 + 0.1 * step, ahead))
    assert told(10_500_000_000)[0, 3] == pytest.approx(0.5)
    with pytest.raises(OdometryMissing):
        told(11_000_000_000)  # by then it may be anywhere
