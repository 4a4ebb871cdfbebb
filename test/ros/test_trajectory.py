"""What odometry says of itself: how far it may be off, and when it does not know at all."""

import numpy as np
import pytest
from builtin_interfaces.msg import Time
from nav_msgs.msg import Odometry
from std_msgs.msg import Header

from mem4d_ros.ros.frames import Placement
from mem4d_ros.ros.settings import OdometrySettings
from mem4d_ros.ros.trajectory import Trajectory

DRIFT = OdometrySettings(position_drift=0.1, rotation_drift=0.02)


def walk(*steps: tuple[float, bool]) -> Odometry:
    """The odometry after poses at these x, one a second, each measured or not."""
    trajectory = Trajectory()
    for second, (x, measured) in enumerate(steps, 1):
        pose = np.eye(4)
        pose[0, 3] = x
        placement = Placement(np.eye(4), pose, "camera", pose)
        trajectory.add(placement, Header(stamp=Time(sec=second)), measured, max_length=10)
    return trajectory.odometry("camera", DRIFT)


def stddevs(covariance: np.ndarray) -> np.ndarray:
    matrix = np.reshape(covariance, (6, 6))
    np.testing.assert_array_equal(matrix, np.diag(np.diag(matrix)))
    return np.sqrt(np.diag(matrix))


def test_the_error_grows_with_the_way_and_not_with_the_distance_from_the_start() -> None:
    there_and_back = walk((0, True), (5, True), (0, True))
    assert there_and_back.pose.pose.position.x == 0
    np.testing.assert_allclose(stddevs(there_and_back.pose.covariance), [1.01] * 3 + [0.21] * 3)


def test_the_twist_is_as_uncertain_as_it_is_fast() -> None:
    odometry = walk((0, True), (1, True), (4, True))
    assert odometry.twist.twist.linear.x == pytest.approx(3)
    np.testing.assert_allclose(stddevs(odometry.twist.covariance), [0.31] * 3 + [0.07] * 3)


def test_the_first_pose_is_nearly_certain_and_has_no_twist() -> None:
    odometry = walk((0, True))
    assert stddevs(odometry.pose.covariance).max() == pytest.approx(0.01)
    assert stddevs(odometry.twist.covariance).min() >= 1e3


@pytest.mark.parametrize(
    ("measured", "pose_known", "twist_known"),
    [
        ([True, True, True], True, True),
        ([True, True, False], False, False),
        ([True, False, True], True, False),
        ([False, True, True], True, True),
    ],
)
def test_what_was_not_measured_is_unknown(
    measured: list[bool], pose_known: bool, twist_known: bool
) -> None:
    odometry = walk(*((float(x), known) for x, known in enumerate(measured)))
    assert (stddevs(odometry.pose.covariance).max() < 1e3) == pose_known
    assert (stddevs(odometry.twist.covariance).max() < 1e3) == twist_known
