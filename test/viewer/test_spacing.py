"""Distances of neighbours, compared with scipy's tree."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial import cKDTree

from mem4d_ros.viewer.spacing import CLOSING, spacing


@pytest.mark.parametrize("count", [2, 50, 5000])
def test_it_is_that_of_a_tree(count: int) -> None:
    points = np.random.default_rng(count).uniform(0, 5, (count, 3)).astype(np.float32)
    nearest = cKDTree(points).query(points, k=2)[0][:, 1]
    np.testing.assert_allclose(spacing(points), np.median(nearest), rtol=0.25)


@pytest.mark.parametrize("count", [0, 1])
def test_a_lone_point_has_none(count: int) -> None:
    assert spacing(np.zeros((count, 3), np.float32)) == 0


def test_discs_on_a_surface_of_voxels_close_up_but_do_not_pile_up() -> None:
    """One point in each voxel of a wall, anywhere in it, as the static map has."""
    rng = np.random.default_rng(0)
    corners = np.stack(np.meshgrid(np.arange(60), np.arange(60)), -1).reshape(-1, 2)
    points = np.c_[0.05 * (corners + rng.uniform(0.2, 0.8, corners.shape)), np.zeros(3600)]
    radius = CLOSING * spacing(points)
    tree = cKDTree(points)
    wall = np.c_[rng.uniform(0.1, 2.9, (5000, 2)), np.zeros(5000)]
    covering = tree.query_ball_point(wall, radius, return_length=True)
    assert (covering > 0).mean() > 0.85
    assert covering.mean() < 3.0
