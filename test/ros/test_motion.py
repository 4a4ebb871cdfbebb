"""Velocities in the moving frame."""

import numpy as np
from scipy.spatial.transform import Rotation

from mem4d_ros.ros.motion import twist_between


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
