"""A camera that moves on: where it is taken to be while nobody sees it, and where it may be."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from told_poses import told

from mem4d_ros.geometry import pose_from_rotation, rigid_inverse
from mem4d_ros.mapping.correction import moved_pose
from mem4d_ros.mapping.motion import LEAST_WAY, LONGEST_GAP, CameraMotion

STEP = pose_from_rotation(
    Rotation.from_rotvec([0.0, 0.02, 0.0]).as_matrix(), np.array([0.1, 0.0, 0.05])
)
START = pose_from_rotation(Rotation.from_rotvec([0.3, -0.2, 0.1]).as_matrix(), np.array([1, 2, 3]))
DISTANCE = 2.0  # m


@pytest.fixture
def motion() -> CameraMotion:
    """After two frames that were located."""
    return CameraMotion().located(START).located(START @ STEP)


def missed(motion: CameraMotion, frames: int) -> CameraMotion:
    for _ in range(frames):
        motion = motion.not_located()
    return motion


def test_a_steady_motion_is_expected_to_go_on(motion: CameraMotion) -> None:
    np.testing.assert_allclose(motion.pose, START @ STEP, atol=1e-12)
    np.testing.assert_allclose(motion.expected, START @ STEP @ STEP, atol=1e-12)


def test_while_it_is_lost_less_than_one_more_step_is_published(motion: CameraMotion) -> None:
    ways = [
        np.linalg.norm((rigid_inverse(motion.pose) @ missed(motion, frames).pose)[:3, 3])
        for frames in (1, 2, 30)
    ]
    step = np.linalg.norm(STEP[:3, 3])
    np.testing.assert_allclose(ways, [0.5 * step, 0.75 * step, step], rtol=1e-6)


def test_it_is_looked_for_where_it_would_be_at_full_speed(motion: CameraMotion) -> None:
    way = rigid_inverse(motion.seen) @ missed(motion, 3).expected
    np.testing.assert_allclose(way[:3, 3], 4 * STEP[:3, 3], atol=1e-12)


def test_the_way_that_nobody_saw_is_not_that_of_one_frame(motion: CameraMotion) -> None:
    far = START @ pose_from_rotation(np.eye(3), np.array([5.0, 0, 0]))
    found = missed(motion, 4).located(far)
    np.testing.assert_array_equal(found.expected, far)
    assert found.missed == 0


def test_a_world_that_moves_takes_the_expectation_along(motion: CameraMotion) -> None:
    similarity = np.eye(4)
    similarity[:3, :3] = 1.7 * Rotation.from_rotvec([0.1, 0.5, -0.4]).as_matrix()
    similarity[:3, 3] = 4, -2, 1
    lost = missed(motion, 2)
    after = lost.moved(similarity)
    np.testing.assert_allclose(after.pose, moved_pose(similarity, lost.pose), atol=1e-9)
    np.testing.assert_allclose(after.expected, moved_pose(similarity, lost.expected), atol=1e-9)


@pytest.mark.parametrize("frames", [0, 4])
def test_it_may_stop_or_go_twice_as_fast_but_not_leap(motion: CameraMotion, frames: int) -> None:
    lost = missed(motion, frames)
    middle, reach = lost.expected, (frames + 1) * np.linalg.norm(STEP[:3, 3])
    for share, may_be in ((-0.99, True), (0.99, True), (-1.01, False), (1.01, False)):
        pose = middle.copy()
        pose[:3, 3] += share * reach * np.array([0.0, 1.0, 0.0])
        assert lost.may_be(pose, DISTANCE) == may_be
    turned = middle.copy()
    turned[:3, :3] = middle[:3, :3] @ Rotation.from_rotvec([0, 1.5, 0]).as_matrix()
    assert not lost.may_be(turned, DISTANCE)


def test_a_camera_that_stands_may_begin_to_move() -> None:
    standing, pose = CameraMotion(START), START.copy()
    pose[2, 3] += 0.9 * LEAST_WAY * DISTANCE
    assert standing.may_be(pose, DISTANCE)
    pose[2, 3] += 0.2 * LEAST_WAY * DISTANCE
    assert not standing.may_be(pose, DISTANCE)


def turned(angle: float, way: float) -> np.ndarray:
    """From the start on."""
    turn = Rotation.from_rotvec([0.0, angle, 0.0]).as_matrix()
    return START @ pose_from_rotation(turn, np.array([0.0, 0.0, way]))


@pytest.fixture
def guided() -> CameraMotion:
    """Standing at the start, where it was located last."""
    return CameraMotion().hearing(told(START)).located(START)


def test_a_camera_is_expected_where_another_odometry_says(guided: CameraMotion) -> None:
    ahead = turned(0.5, 1.2)
    np.testing.assert_allclose(guided.hearing(told(ahead)).expected, ahead, atol=1e-9)


def test_while_it_is_lost_it_goes_where_another_odometry_says(guided: CameraMotion) -> None:
    lost = guided
    for frame in range(1, 20):
        ahead = turned(0.1 * frame, 0.3 * frame)
        lost = lost.hearing(told(ahead)).not_located()
        np.testing.assert_allclose(lost.pose, ahead, atol=1e-9)
    assert lost.is_foreseen


def test_an_odometry_that_falls_silent_is_believed_ever_less(guided: CameraMotion) -> None:
    ahead = turned(0.3, 2.0)
    lost = guided.hearing(told(ahead)).not_located()
    silent = lost
    for _ in range(LONGEST_GAP + 1):
        assert silent.is_foreseen
        silent = silent.hearing(None).not_located()
        np.testing.assert_allclose(silent.pose, ahead, atol=1e-9)  # what was said last holds
    assert not silent.is_foreseen
    assert np.diag(silent.unseen_covariance()).min() > 0.5
    away = ahead @ pose_from_rotation(np.eye(3), np.array([0.0, 0.0, 0.8]))
    assert silent.may_be(away, 10.0)
    assert not lost.may_be(away, 10.0)


def test_what_was_said_of_another_frame_is_not_said_of_the_one_that_is_seen_again(
    guided: CameraMotion,
) -> None:
    lost = guided.hearing(told(turned(0.3, 2.0))).not_located()
    found = lost.hearing(None).located(turned(0.3, 5.0))
    assert found.told_seen is None
    assert lost.hearing(None).elsewhere().located(START).told_seen is None
    np.testing.assert_allclose(found.hearing(told(turned(0.3, 5.1))).expected, turned(0.3, 5.0))


def test_without_another_odometry_the_place_is_forgotten(motion: CameraMotion) -> None:
    assert missed(motion, LONGEST_GAP).is_foreseen
    assert not missed(motion, LONGEST_GAP + 1).is_foreseen


def test_what_another_odometry_does_not_say_is_as_the_motion_goes_on(guided: CameraMotion) -> None:
    moved = guided.hearing(None).located(START @ STEP).hearing(told(turned(1.0, 9.0)))
    np.testing.assert_allclose(moved.expected, START @ STEP @ STEP, atol=1e-9)


def test_a_way_that_is_told_is_uncertain_by_its_length_alone(guided: CameraMotion) -> None:
    def deviations(motion: CameraMotion) -> np.ndarray:
        return np.sqrt(np.diag(motion.unseen_covariance()))

    waiting = guided
    for _ in range(50):
        waiting = waiting.hearing(told(START)).not_located()
    assert deviations(waiting).max() < 0.1
    gone = guided.hearing(told(turned(1.0, 5.0))).not_located()
    np.testing.assert_allclose(deviations(gone), [0.1] * 3 + [0.5] * 3)
    assert deviations(missed(CameraMotion(START), 50)).min() > 1
    assert not guided.unseen_covariance().any()


def test_it_may_be_where_it_is_told_to_be_and_about(guided: CameraMotion) -> None:
    lost = guided.hearing(told(turned(0.0, 4.0)))
    assert lost.may_be(turned(0.1, 4.0), DISTANCE)
    assert lost.may_be(turned(0.0, 5.0), DISTANCE)
    assert not lost.may_be(turned(0.0, 5.5), DISTANCE)
    assert not lost.may_be(turned(0.4, 4.0), DISTANCE)


def test_what_is_told_grows_with_the_world(guided: CameraMotion) -> None:
    similarity = np.eye(4)
    similarity[:3, :3] = 1.7 * Rotation.from_rotvec([0.1, 0.5, -0.4]).as_matrix()
    lost = guided.hearing(told(turned(0.3, 2.0))).not_located()
    after = lost.moved(similarity)
    np.testing.assert_allclose(after.pose, moved_pose(similarity, lost.pose), atol=1e-9)


def test_a_piece_that_begins_goes_on_from_where_the_camera_is_told_to_be(
    guided: CameraMotion,
) -> None:
    lost = guided.hearing(told(turned(0.3, 2.0))).not_located()
    begun = lost.standing()
    assert not begun.is_lost
    np.testing.assert_allclose(begun.pose, turned(0.3, 2.0), atol=1e-9)
    ahead = turned(0.3, 2.5)
    np.testing.assert_allclose(begun.hearing(told(ahead)).expected, ahead, atol=1e-9)
