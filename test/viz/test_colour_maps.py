from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from mem4d_ros.viz import confidence_picture, depth_picture
from mem4d_ros.viz.colour_maps import colour_map

# The first row of each picture lies above what is written in the lower corner.


def test_the_ends_of_a_colour_map_are_opencvs() -> None:
    ramp = np.linspace(2.0, 5.0, 256)[None]
    picture = colour_map(ramp, 2.0, 5.0, cv2.COLORMAP_TURBO)
    levels = np.arange(256, dtype=np.uint8)[None]
    expected = cv2.applyColorMap(levels, cv2.COLORMAP_TURBO)[..., ::-1]
    np.testing.assert_array_equal(picture, expected)


def test_values_beyond_the_range_take_the_colour_of_its_end() -> None:
    picture = colour_map(np.array([[-9.0, 0.0, 1.0, 9.0]]), 0.0, 1.0, cv2.COLORMAP_VIRIDIS)
    assert (picture[0, 0] == picture[0, 1]).all()
    assert (picture[0, 3] == picture[0, 2]).all()
    assert (picture[0, 1] != picture[0, 2]).any()


@pytest.mark.parametrize("invalid", [np.nan, np.inf, -np.inf])
def test_invalid_depth_is_black_and_does_not_move_the_range(invalid: float) -> None:
    depth = np.tile(np.linspace(1.0, 3.0, 64), (48, 1))
    broken = depth.copy()
    broken[0, 10] = invalid
    picture, expected = depth_picture(broken), depth_picture(depth)
    assert (picture[0, 10] == 0).all()
    difference = np.abs(picture[0].astype(int) - expected[0])
    assert np.delete(difference, 10, axis=0).max() <= 8


def test_near_is_red_and_far_is_blue() -> None:
    picture = depth_picture(np.tile([1.0, 1.2, 2.8, 3.0], (48, 16)), span=(1.0, 3.0))
    near, far = picture[0, 1].astype(int), picture[0, 2].astype(int)
    assert near[0] > near[2]
    assert far[2] > far[0]


def test_the_range_is_written_on_the_picture() -> None:
    depth = np.full((48, 160), 2.0)
    narrow, wide = depth_picture(depth, (1.0, 3.0)), depth_picture(depth, (0.0, 4.0))
    assert (narrow[:20] == wide[:20]).all()  # the middle of both ranges: one colour
    assert (narrow != wide).any()  # but other digits


def test_confidence_is_logarithmic() -> None:
    """1, 10 and 100 are evenly spaced, so 10 has the middle colour."""
    picture = confidence_picture(np.tile([1.0, 10.0, 100.0, 100.0], (48, 20)))
    middle = colour_map(np.array([[0.5]]), 0.0, 1.0, cv2.COLORMAP_VIRIDIS)[0, 0]
    np.testing.assert_allclose(picture[0, 1].astype(int), middle, atol=3)


@pytest.mark.parametrize("paint", [depth_picture, confidence_picture])
def test_a_picture_without_one_valid_value_is_black_above_its_label(
    paint: Callable[[np.ndarray], np.ndarray],
) -> None:
    picture = paint(np.full((48, 64), np.nan))
    assert picture.shape == (48, 64, 3)
    assert picture.dtype == np.uint8
    assert (picture[:20] == 0).all()
