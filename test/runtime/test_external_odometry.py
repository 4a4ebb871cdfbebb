"""Frames of the robot's tree, checked by following the chain and against scipy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation, Slerp

from mem4d_ros.runtime.external_odometry import (
    MAX_POSES,
    PoseHistory,
    between_poses,
    map_from_odom,
)

SECOND = 1_000_000_000


def random_pose(rng: np.random.Generator) -> np.ndarray:
    pose = np.eye(4)
    pose[:3, :3] = Rotation.random(random_state=int(rng.integers(1 << 30))).as_matrix()
    pose[:3, 3] = rng.normal(0, 5, 3)
    return pose


def at(x: float) -> np.ndarray:
    pose = np.eye(4)
    pose[0, 3] = x
    return pose


def test_odometry_after_the_correction_leads_to_the_base() -> None:
    rng = np.random.default_rng(0)
    map_from_base, odom_from_base = random_pose(rng), random_pose(rng)
    corrected = map_from_odom(map_from_base, odom_from_base) @ odom_from_base
    np.testing.assert_allclose(corrected, map_from_base, atol=1e-12)


def test_odometry_without_drift_needs_the_same_correction_everywhere() -> None:
    rng = np.random.default_rng(1)
    truth = random_pose(rng)
    for _ in range(5):
        odom_from_base = random_pose(rng)
        found = map_from_odom(truth @ odom_from_base, odom_from_base)
        np.testing.assert_allclose(found, truth, atol=1e-12)


@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
def test_turns_are_interpolated_as_scipy_does(share: float) -> None:
    rng = np.random.default_rng(2)
    first, second = random_pose(rng), random_pose(rng)
    turns = Slerp([0, 1], Rotation.from_matrix(np.stack((first[:3, :3], second[:3, :3]))))
    found = between_poses(first, second, share)
    np.testing.assert_allclose(found[:3, :3], turns(share).as_matrix(), atol=1e-9)
    np.testing.assert_allclose(found[:3, 3], first[:3, 3] * (1 - share) + second[:3, 3] * share)


def test_history_answers_between_the_poses_that_came_in_any_order() -> None:
    history = PoseHistory(largest_gap_ns=SECOND)
    for tenth in (2, 0, 1):
        history.add(tenth * SECOND // 10, at(10.0 * tenth / 10))
    found = history.at(round(0.13 * SECOND))
    assert found is not None
    np.testing.assert_allclose(found[0, 3], 1.3)
    np.testing.assert_array_equal(history.at(SECOND // 5), at(2.0))


@pytest.mark.parametrize(
    ("stamp_s", "x"),
    [pytest.param(15.0, 0.0, id="clock set back"), pytest.param(20.05, -40.0, id="set to zero")],
)
def test_an_odometry_that_begins_anew_is_not_mixed_with_what_was(stamp_s: float, x: float) -> None:
    history = PoseHistory()
    for tenth in range(200):
        history.add((1 + tenth) * SECOND // 10, at(0.1 * tenth))
    history.add(round(stamp_s * SECOND), at(x))
    assert len(history) == 1
    assert history.about(round((stamp_s + 0.05) * SECOND)) is None


def test_history_does_not_guess() -> None:
    history = PoseHistory(largest_gap_ns=SECOND)
    assert history.at(0) is None
    for second in (1, 2, 5):
        history.add(second * SECOND, at(0.0))
    assert history.at(SECOND // 2) is None  # before the first
    assert history.at(6 * SECOND) is None  # after the last
    assert history.at(3 * SECOND) is None  # in a gap


def test_soon_after_the_newest_pose_it_is_foreseen_to_go_on() -> None:
    history = PoseHistory(largest_gap_ns=SECOND)
    for tenth in range(10):
        history.add(tenth * SECOND // 10, at(0.5 * tenth))
    for asked, expected in ((0.85, 4.25), (0.9, 4.5), (1.0, 5.0), (1.4, 7.0)):
        found = history.about(round(asked * SECOND))
        assert found is not None
        np.testing.assert_allclose(found[0, 3], expected)
    assert history.about(2 * SECOND) is None
    history.add(round(0.9 * SECOND) + 1, at(4.6))  # the speed is not that of a nanosecond
    found = history.about(SECOND)
    assert found is not None
    assert found[0, 3] == pytest.approx(5.2, abs=0.01)


def test_of_a_single_pose_nothing_is_foreseen() -> None:
    history = PoseHistory(largest_gap_ns=SECOND)
    history.add(SECOND, at(1.0))
    assert history.about(SECOND + 1) is None
    np.testing.assert_array_equal(history.about(SECOND), at(1.0))


def test_history_forgets_what_is_old_and_starts_anew_when_the_clock_is_set_back() -> None:
    history = PoseHistory(span_ns=3 * SECOND, largest_gap_ns=SECOND)
    for second in range(100, 200):
        history.add(second * SECOND, at(second))
    assert history.at(150 * SECOND) is None
    assert history.at(198 * SECOND) is not None
    history.add(SECOND, at(7.0))
    np.testing.assert_array_equal(history.at(SECOND), at(7.0))
    assert history.at(198 * SECOND) is None


def test_only_a_pose_soon_after_the_newest_is_worth_waiting_for() -> None:
    history = PoseHistory(largest_gap_ns=500)
    assert not history.may_come(1000)
    history.add(1000, np.eye(4))
    assert [stamp for stamp in (900, 1000, 1001, 1499, 1500, 9000) if history.may_come(stamp)] == [
        1001,
        1499,
    ]


def test_history_is_bounded_whatever_the_stamps() -> None:
    """Drivers that stamp everything with 0, and floods."""
    history = PoseHistory()
    for x in range(3):
        history.add(0, at(float(x)))
    assert len(history) == 1
    np.testing.assert_array_equal(history.at(0), at(2.0))
    for stamp_ns in range(1, MAX_POSES + 100):
        history.add(stamp_ns, np.eye(4))
    assert len(history) == MAX_POSES
    assert history.at(MAX_POSES) is not None
