"""ATE: hand-made cases and its invariance to similarity."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from mem4d_ros.evaluation.trajectory import trajectory_errors


def walk(seed: int, length: int = 20) -> np.ndarray:
    poses = np.tile(np.eye(4), (length, 1, 1))
    poses[:, :3, 3] = np.random.default_rng(seed).normal(size=(length, 3)).cumsum(axis=0)
    return poses


def test_a_similarity_costs_nothing() -> None:
    true = walk(0)
    moved = true.copy()
    rotation = Rotation.from_euler("xyz", [1, 2, 3]).as_matrix()
    moved[:, :3, 3] = 0.3 * true[:, :3, 3] @ rotation.T + [5, -1, 2]
    errors = trajectory_errors(moved, true)
    assert errors.ate_m == pytest.approx(0, abs=1e-9)
    steps = np.linalg.norm(np.diff(true[:, :3, 3], axis=0), axis=1)
    assert errors.path_m == pytest.approx(steps.sum())


def test_standing_still_costs_the_spread_of_the_truth() -> None:
    true = walk(1)
    spread = np.sqrt(true[:, :3, 3].var(axis=0).sum())
    still = np.tile(np.eye(4), (20, 1, 1))
    assert trajectory_errors(still, true).ate_m == pytest.approx(spread)


def test_any_prediction_is_at_most_as_bad_as_standing_still() -> None:
    true = walk(2)
    still = np.tile(np.eye(4), (20, 1, 1))
    assert trajectory_errors(walk(3), true).ate_m <= trajectory_errors(still, true).ate_m + 1e-9


def test_the_share_relates_to_the_path() -> None:
    true = walk(4)
    errors = trajectory_errors(walk(5), true)
    assert errors.ate_share == pytest.approx(errors.ate_m / errors.path_m)


def test_too_few_poses_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 3"):
        trajectory_errors(walk(0, 2), walk(1, 2))


def test_steps_are_compared_after_the_scale_is_taken_out() -> None:
    """Every step turns by 3 degrees too much; positions are half as large."""
    true = walk(6)
    found = true.copy()
    found[:, :3, 3] /= 2
    turns = Rotation.from_euler("z", 3.0 * np.arange(20)[:, None], degrees=True).as_matrix()
    found[:, :3, :3] = turns
    errors = trajectory_errors(found, true)
    assert errors.scale == pytest.approx(2)
    assert errors.rpe_deg == pytest.approx(3)
    turned = np.einsum("tij,ti->tj", turns[:-1], np.diff(true[:, :3, 3], axis=0))
    off = np.linalg.norm(turned - np.diff(true[:, :3, 3], axis=0), axis=-1)
    assert errors.rpe_m == pytest.approx(np.sqrt((off**2).mean()))
