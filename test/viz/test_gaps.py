"""Small gaps are closed, and nothing else changes."""

from __future__ import annotations

import numpy as np

from mem4d_ros.viz.gaps import between, nearest_filled


def test_each_pixel_is_sent_to_the_nearest_that_is_filled() -> None:
    filled = np.random.default_rng(0).random((30, 40)) < 0.05
    found = nearest_filled(filled, reach=100)
    places = np.argwhere(filled)
    y, x = np.mgrid[:30, :40]
    distances = np.hypot(y[..., None] - places[:, 0], x[..., None] - places[:, 1])
    chosen = np.hypot(y - found // 40, x - found % 40)
    assert filled.ravel()[found].all()
    # OpenCV's distances of a 5x5 mask are right within a few percent
    np.testing.assert_allclose(chosen, distances.min(-1), rtol=0.08)


def test_beyond_reach_there_is_nothing() -> None:
    filled = np.zeros((9, 9), bool)
    filled[4, 4] = True
    found = nearest_filled(filled, reach=1.0)
    assert (found >= 0).sum() == 5  # itself and its four neighbours
    assert (nearest_filled(np.zeros((4, 4), bool), reach=2) == -1).all()


def test_a_gap_inside_is_closed_and_the_outline_stays() -> None:
    filled = np.zeros((40, 40), bool)
    filled[:, :20] = True
    whole = filled.copy()
    filled[10:12, 10:12] = False
    filled[25:35, 3:13] = False
    closed = between(filled, 5)
    assert closed[10:12, 10:12].all()
    assert not closed[27:33, 5:11].any()  # a large hole is no gap
    assert not (closed & ~whole).any()
