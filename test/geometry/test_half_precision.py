"""Depth in half precision says nothing where it has no number."""

from __future__ import annotations

import warnings

import numpy as np

from mem4d_ros.geometry import half_depth


def test_depth_that_it_has_no_number_for_is_unknown() -> None:
    depth = np.array([0.5, 3.0, 60_000.0, 70_000.0, np.inf, np.nan], np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        half = half_depth(depth)
    assert half.dtype == np.float16
    np.testing.assert_allclose(half[:3], depth[:3], rtol=1e-3)
    assert np.isnan(half[3:]).all()
