"""What a window's adjustment is about, on a room that is seen again and again."""

from __future__ import annotations

import numpy as np
import pytest
from film import FORTH_AND_BACK, Film

from mem4d_ros.mapping import Odometry
from mem4d_ros.mapping.keyframes import Map
from mem4d_ros.mapping.locating import PIXEL_DEVIATION
from mem4d_ros.mapping.window import Window, adjusted, make_window, take_in
from mem4d_ros.synthetic.cameras.paths import hand_held


@pytest.fixture(scope="module")
def film() -> Film:
    return Film(0, hand_held, bodies=0)


@pytest.fixture
def world(film: Film) -> Map:
    odometry = Odometry()
    for frame in FORTH_AND_BACK * 2:
        film.feed(odometry, frame)
    return odometry.map


def window_of(world: Map, film: Film) -> Window:
    window = make_window(world, film.intrinsics, PIXEL_DEVIATION)
    assert window is not None
    return window


def test_all_that_free_keyframes_see_is_in_it(world: Map, film: Film) -> None:
    window, table = window_of(world, film), world.landmarks
    problem = window.problem
    for index in np.flatnonzero(problem.is_free).tolist():
        number = int(window.keyframes[index])
        landmarks = world.keyframes[number].landmarks
        expected = landmarks[table.is_alive[landmarks] & (table.host[landmarks] != number)]
        found = window.landmarks[problem.landmark[problem.keyframe == index]]
        np.testing.assert_array_equal(np.sort(found), np.sort(expected))


def test_landmarks_that_begin_elsewhere_hold_it_and_stay(world: Map, film: Film) -> None:
    window, table = window_of(world, film), world.landmarks
    known = window.landmarks[window.is_known]
    assert len(known) > 20
    hosts = np.searchsorted(window.keyframes, table.host[known])
    assert not window.problem.is_free[hosts].any()
    before = table.log_inverse[known].copy()
    take_in(world, adjusted(window))
    np.testing.assert_array_equal(table.log_inverse[known], before)
