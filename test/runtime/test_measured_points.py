"""Measured points come to the network's pixels as its image does."""

from __future__ import annotations

import numpy as np
import pytest

from mem4d_ros.geometry import ImageTransform
from mem4d_ros.runtime import MeasuredPoints

HALF = ImageTransform.fit(128, 96, 64)  # no crop: a pixel of the network is 2 x 2 of the camera's


def points(*rows: tuple[float, float, float, float]) -> MeasuredPoints:
    """Of x, y, depth, deviation."""
    table = np.array(rows, dtype=np.float64).reshape(-1, 4)
    return MeasuredPoints(table[:, :2], table[:, 2], table[:, 3])


def test_a_point_lands_where_its_pixel_does() -> None:
    depth, deviation = points(
        (0, 0, 2.0, 0.1), (127, 95, 3.0, 0.2), (10.5, 20.5, 4.0, 0.3)
    ).to_maps(HALF)
    assert depth.shape == deviation.shape == (48, 64)
    assert (depth[0, 0], depth[47, 63], depth[10, 5]) == (2, 3, 4)
    assert deviation[10, 5] == pytest.approx(0.3)
    assert np.count_nonzero(depth) == 3


def test_what_the_crop_cuts_off_is_left_out() -> None:
    cropped = ImageTransform.fit(64, 60, 64)  # six rows above, six below
    depth, _ = points(
        (30, 5, 2.0, 0.1), (30, 6, 3.0, 0.1), (30, 53, 4.0, 0.1), (30, 54, 5.0, 0.1)
    ).to_maps(cropped)
    assert depth.shape == (48, 64)
    assert sorted(depth[depth > 0]) == [3, 4]


def test_of_points_in_one_pixel_the_most_precise_stays() -> None:
    depth, deviation = points((0, 0, 2.0, 0.2), (1, 1, 3.0, 0.1), (0, 1, 4.0, 0.3)).to_maps(HALF)
    assert depth[0, 0] == 3
    assert deviation[0, 0] == pytest.approx(0.1)


@pytest.mark.parametrize(
    "bad",
    [(np.nan, 0, 2, 0.1), (4, 4, np.nan, 0.1), (4, 4, -1, 0.1), (4, 4, 2, 0), (4, 4, 2, np.inf)],
)
def test_numbers_that_mean_nothing_are_left_out(bad: tuple[float, ...]) -> None:
    depth, deviation = points(bad, (20, 20, 2.0, 0.1)).to_maps(HALF)
    assert np.count_nonzero(depth) == np.count_nonzero(deviation) == 1


def test_no_points_are_two_empty_maps() -> None:
    depth, deviation = points().to_maps(HALF)
    assert not depth.any()
    assert not deviation.any()


def test_shapes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match=r"pixels \(N, 2\)"):
        MeasuredPoints(np.zeros((3, 2)), np.ones(3), np.ones(2))
