"""The camera's path takes no more memory and time the longer it gets."""

from __future__ import annotations

import numpy as np
import pytest

from mem4d_ros.geometry import transform_points
from mem4d_ros.mapping import Correction
from mem4d_ros.viewer.trail import MOST, Trail


def along_x(count: int) -> Trail:
    """A metre from each position to the next; ten of them hang on each keyframe."""
    trail = Trail()
    for index in range(count):
        trail.add(np.array((index, 0.0, 0.0)), index // 10)
    return trail


@pytest.mark.parametrize("count", [0, 1, 7, MOST])
def test_a_short_one_is_kept_as_it_is(count: int) -> None:
    positions = along_x(count).positions
    assert positions.shape == (count, 3)
    np.testing.assert_array_equal(positions[:, 0], np.arange(count))


@pytest.mark.parametrize("count", [MOST + 1, 5 * MOST - 3, 30 * MOST])
def test_a_long_one_is_thinned_evenly_from_its_beginning_to_the_newest(count: int) -> None:
    x = along_x(count).positions[:, 0]
    assert MOST // 2 <= len(x) <= MOST
    gaps = np.diff(x)
    assert set(gaps[:-1]) == {gaps[0]}  # the newest may follow sooner
    assert 0 < gaps[-1] <= gaps[0]
    assert x[0] < gaps[0]
    assert x[-1] == count - 1


def test_who_has_the_positions_sees_no_later_ones() -> None:
    trail = along_x(3)
    before = trail.positions
    trail.move(Correction(np.array([0]), np.diag((2.0, 2.0, 2.0, 1.0))[None]))
    np.testing.assert_array_equal(before[:, 0], (0, 1, 2))


@pytest.mark.parametrize("count", [15, 3 * MOST])
def test_each_position_moves_with_its_keyframe(count: int) -> None:
    trail = along_x(count)
    before = trail.positions
    motion = np.array([(0, -2, 0, 5), (2, 0, 0, 0), (0, 0, 2, 1), (0, 0, 0, 1)], np.float64)
    trail.move(Correction(np.array([0, 1]), np.stack((np.eye(4), motion))))
    stays = before[:, 0] < 10
    np.testing.assert_array_equal(trail.positions[stays], before[stays])
    moved = transform_points(motion, before[~stays])
    np.testing.assert_allclose(trail.positions[~stays], moved)
