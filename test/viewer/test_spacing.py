"""Distances of neighbours, compared with scipy's tree."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial import cKDTree

from mem4d_ros.viewer.spacing import spacing


@pytest.mark.parametrize("count", [2, 50, 5000])
def test_it_is_that_of_a_tree(count: int) -> None:
    points = np.random.default_rng(count).uniform(0, 5, (count, 3)).astype(np.float32)
    nearest = cKDTree(points).query(points, k=2)[0][:, 1]
    np.testing.assert_allclose(spacing(points), np.median(nearest), rtol=0.25)


@pytest.mark.parametrize("count", [0, 1])
def test_a_lone_point_has_none(count: int) -> None:
    assert spacing(np.zeros((count, 3), np.float32)) == 0
