"""When places were first seen, compared with a dictionary."""

from __future__ import annotations

import numpy as np

from mem4d_ros.viewer.first_seen import FirstSeen


def test_times_are_those_of_a_dictionary() -> None:
    random = np.random.default_rng(0)
    seen, expected = FirstSeen(0.5), {}
    for time in range(20):
        positions = random.uniform(-3, 3, (40, 3)).astype(np.float32)
        seen.see(positions, time)
        for cell in map(tuple, np.floor(positions / 0.5).astype(int).tolist()):
            expected.setdefault(cell, time)
    asked = random.uniform(-3, 3, (500, 3)).astype(np.float32)
    cells = map(tuple, np.floor(asked / 0.5).astype(int).tolist())
    np.testing.assert_array_equal(seen.times(asked), [expected.get(c, np.inf) for c in cells])


def test_what_was_never_seen_has_no_time() -> None:
    assert FirstSeen().times(np.zeros((2, 3))).tolist() == [np.inf, np.inf]


def test_what_is_forgotten_is_new_again() -> None:
    seen = FirstSeen(1.0)
    here, there = np.array([[0.5, 0.5, 0.5]]), np.array([[7.5, 0.5, 0.5]])
    seen.see(here, 1)
    seen.see(there, 2)
    seen.forget_all_but(there)
    seen.see(here, 3)
    assert seen.times(here).tolist() == [3]
    assert seen.times(there).tolist() == [2]
