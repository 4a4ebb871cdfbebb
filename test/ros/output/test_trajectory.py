"""What odometry says of itself: how far it may be off, and when it does not know at all."""

from __future__ import annotations

import numpy as np
import pytest
from builtin_interfaces.msg import Time
from nav_msgs.msg import Odometry
from scipy.spatial.transform import Rotation
from std_msgs.msg import Header

from mem4d_ros.geometry import rigid_inverse
from mem4d_ros.mapping import Correction
from mem4d_ros.ros.interface.settings import OdometrySettings
from mem4d_ros.ros.output.trajectory import Trajectory, twist_between
from mem4d_ros.ros.robot.placers import Placement

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


def pose(rotation: Rotation, translation: list[float]) -> np.ndarray:
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = rotation.as_matrix(), translation
    return matrix


def test_straight_motion_is_seen_in_the_moving_frame() -> None:
    looking_left = Rotation.from_euler("z", np.pi / 2)
    twist = twist_between(pose(looking_left, [0, 0, 0]), pose(looking_left, [0, 1, 0]), 0.5)
    np.testing.assert_allclose(twist.linear, [2, 0, 0], atol=1e-12)
    np.testing.assert_allclose(twist.angular, [0, 0, 0], atol=1e-12)


def test_turning_about_an_own_axis() -> None:
    start = Rotation.random(random_state=0)
    end = start * Rotation.from_rotvec([0, 0.3, 0])
    twist = twist_between(pose(start, [1, 2, 3]), pose(end, [1, 2, 3]), 0.1)
    np.testing.assert_allclose(twist.angular, [0, 3, 0], atol=1e-9)
    np.testing.assert_allclose(twist.linear, 0, atol=1e-9)


def test_following_the_twist_for_a_moment_leads_to_the_later_pose() -> None:
    start, end = (Rotation.random(random_state=0), [1, 2, 3]), [1.001, 2.002, 3.003]
    turned = start[0] * Rotation.from_rotvec([0.01, -0.02, 0.005])
    earlier, later = pose(*start), pose(turned, end)
    twist = twist_between(earlier, later, 0.01)
    step = pose(Rotation.from_rotvec(twist.angular * 0.01), (twist.linear * 0.01).tolist())
    np.testing.assert_allclose(earlier @ step, later, atol=1e-4)


def test_when_a_loop_closes_the_path_moves_with_its_keyframes() -> None:
    """The world is the map, turned by 90 degrees; what was seen since keyframe 2 moves along."""
    trajectory = Trajectory()
    map_from_world = np.eye(4)
    map_from_world[:3, :3] = Rotation.from_euler("z", 90, degrees=True).as_matrix()
    for second in range(4):
        pose = map_from_world @ at(float(second))
        placement = Placement(map_from_world, pose, "camera", pose)
        header = Header(stamp=Time(sec=second))
        trajectory.add(placement, header, True, max_length=3, keyframe=second)
    back = trajectory.move(Correction(np.array([0, 2]), np.array([np.eye(4), at(0.25)])))
    np.testing.assert_allclose(back, rigid_inverse(at(0.25)), atol=1e-12)
    ys = [pose.pose.position.y for pose in trajectory.path().poses]
    np.testing.assert_allclose(ys, [1, 2.25, 3.25])
    pose = map_from_world @ at(4.25)
    trajectory.add(
        Placement(map_from_world, pose, "camera", pose), Header(stamp=Time(sec=4)), True, 3, 3
    )
    twist = trajectory.odometry("camera", DRIFT).twist.twist.linear
    assert twist.x == pytest.approx(1)  # a jump is no motion


def test_before_there_is_a_path_nothing_moves() -> None:
    correction = Correction(np.array([0]), at(1.0)[None])
    np.testing.assert_array_equal(Trajectory().move(correction), np.eye(4))


def at(x: float) -> np.ndarray:
    pose = np.eye(4)
    pose[0, 3] = x
    return pose
