"""ATE: hand-made cases, and its invariance to similarity."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from mem4d_ros.evaluation.errors import NotMeasurable
from mem4d_ros.evaluation.trajectory import trajectory_errors


def walk(seed: int, length: int = 20) -> np.ndarray:
    """A random walk with random attitudes, poses (length, 4, 4)."""
    rng = np.random.default_rng(seed)
    poses = np.tile(np.eye(4), (length, 1, 1))
    poses[:, :3, :3] = Rotation.random(length, random_state=seed).as_matrix()
    poses[:, :3, 3] = rng.normal(size=(length, 3)).cumsum(axis=0)
    return poses


@settings(deadline=None)
@given(seed=st.integers(0, 99), scale=st.floats(0.01, 100))
def test_a_similarity_costs_nothing(seed: int, scale: float) -> None:
    true = walk(seed)
    moved = true.copy()
    rotation = Rotation.random(random_state=seed + 1).as_matrix()
    moved[:, :3, 3] = scale * true[:, :3, 3] @ rotation.T + [5, -1, 2]
    errors = trajectory_errors(moved, true)
    assert errors.ate_m == pytest.approx(0, abs=1e-8)
    assert errors.scale == pytest.approx(1 / scale)
    steps = np.linalg.norm(np.diff(true[:, :3, 3], axis=0), axis=1)
    assert errors.path_m == pytest.approx(steps.sum())


def test_standing_still_costs_the_spread_of_the_truth() -> None:
    true = walk(1)
    spread = np.sqrt(true[:, :3, 3].var(axis=0).sum())
    still = np.tile(np.eye(4), (20, 1, 1))
    errors = trajectory_errors(still, true)
    assert errors.ate_m == pytest.approx(spread)
    assert errors.scale == 0


def test_any_prediction_is_at_most_as_bad_as_standing_still() -> None:
    true = walk(2)
    still = np.tile(np.eye(4), (20, 1, 1))
    assert trajectory_errors(walk(3), true).ate_m <= trajectory_errors(still, true).ate_m + 1e-9


def test_the_share_relates_to_the_path() -> None:
    true = walk(4)
    errors = trajectory_errors(walk(5), true)
    assert errors.ate_share == pytest.approx(errors.ate_m / errors.path_m)


def test_a_camera_that_stands_still_has_no_share() -> None:
    assert trajectory_errors(walk(5), np.tile(np.eye(4), (20, 1, 1))).ate_share is None


def test_too_few_poses_are_refused() -> None:
    with pytest.raises(NotMeasurable, match="at least 3"):
        trajectory_errors(walk(0, 2), walk(1, 2))
