"""Clouds: planes with known distances and angles, brute force, and an ICP written out."""

from __future__ import annotations

from dataclasses import astuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import cKDTree
from scipy.spatial.transform import Rotation

from mem4d_ros.evaluation.clouds import (
    CloudErrors,
    cloud_errors,
    mean_cloud_errors,
    nearest,
    normals,
    registered,
)
from mem4d_ros.evaluation.errors import NotMeasurable


def grid(count: int = 20, step: float = 0.05) -> np.ndarray:
    """A flat square of count² points in the plane z = 0."""
    x, y = np.meshgrid(np.arange(count) * step, np.arange(count) * step)
    return np.stack([x.ravel(), y.ravel(), np.zeros(count**2)], axis=-1)


def hills(seed: int, count: int = 1500) -> np.ndarray:
    """A bumpy surface, which holds a rigid ICP in all directions."""
    xy = np.random.default_rng(seed).uniform(-1, 1, (count, 2))
    return np.column_stack([xy, 0.4 * np.sin(3 * xy[:, 0]) * np.cos(2 * xy[:, 1] + 0.5)])


def test_two_planes_are_as_far_apart_as_they_are() -> None:
    errors = cloud_errors(grid() + [0, 0, 0.3], grid())
    assert astuple(errors) == pytest.approx((0.3, 0.3, 0.3, 0.3, 1, 1))


def test_what_is_missing_costs_completeness_alone() -> None:
    """Half of a plane: the other half is up to 0.5 m away."""
    whole = grid()
    half = whole[whole[:, 0] < 0.475]
    errors = cloud_errors(half, whole)
    assert errors.accuracy == 0
    columns = np.arange(20) * 0.05
    assert errors.completeness == pytest.approx(np.maximum(columns - 0.45, 0).mean())
    assert errors.completeness_median == pytest.approx(np.median(np.maximum(columns - 0.45, 0)))


@pytest.mark.parametrize("degrees", [0, 10, 30, 60])
def test_normals_agree_by_the_cosine_of_the_angle(degrees: float) -> None:
    turned = grid() @ Rotation.from_euler("x", degrees, degrees=True).as_matrix().T
    errors = cloud_errors(turned, grid())
    assert errors.normal_consistency == pytest.approx(np.cos(np.deg2rad(degrees)))
    assert errors.normal_consistency_median == pytest.approx(np.cos(np.deg2rad(degrees)))


def test_normals_are_those_of_a_sphere() -> None:
    points = np.random.default_rng(0).normal(size=(4000, 3))
    points /= np.linalg.norm(points, axis=-1, keepdims=True)
    assert np.abs((normals(points) * points).sum(-1)).min() > 0.99


def test_the_nearest_is_found_as_by_brute_force() -> None:
    points, others = hills(1, 200), hills(2, 300)
    distances = np.linalg.norm(points[:, None] - others[None], axis=-1)
    indices, found = nearest(points, others)
    assert indices.tolist() == distances.argmin(axis=1).tolist()
    assert found == pytest.approx(distances.min(axis=1))


@settings(deadline=None, max_examples=10)
@given(seed=st.integers(0, 99))
def test_a_common_motion_changes_nothing(seed: int) -> None:
    rotation = Rotation.random(random_state=seed).as_matrix()
    predicted, true = hills(seed), hills(seed + 1)
    moved = [points @ rotation.T + [3, -2, 1] for points in (predicted, true)]
    plain = astuple(cloud_errors(predicted, true))
    assert astuple(cloud_errors(*moved)) == pytest.approx(plain, rel=1e-3)


@pytest.mark.parametrize("seed", range(3))
def test_icp_undoes_a_small_motion(seed: int) -> None:
    true = hills(seed)
    turn = Rotation.from_rotvec(np.random.default_rng(seed).normal(scale=0.01, size=3))
    moved = true @ turn.as_matrix().T + [0.01, -0.01, 0.015]
    assert registered(moved, true, 0.1) == pytest.approx(true, abs=1e-5)


def test_icp_ends_where_one_written_out_does() -> None:
    """Nearest pairs below the distance, Kabsch on them, until nothing moves."""
    rng = np.random.default_rng(4)
    true = hills(4)
    predicted = hills(5) + rng.normal(scale=0.01, size=(1500, 3)) + [0.02, 0.01, -0.02]
    expected, tree = predicted, cKDTree(true)
    for _ in range(200):
        distance, index = tree.query(expected)
        source, target = expected[distance < 0.1], true[index[distance < 0.1]]
        turn, _ = Rotation.align_vectors(target - target.mean(0), source - source.mean(0))
        moved = turn.apply(expected - source.mean(0)) + target.mean(0)
        if np.allclose(moved, expected, atol=1e-12):
            break
        expected = moved
    assert registered(predicted, true, 0.1) == pytest.approx(expected, abs=1e-4)


def test_icp_does_not_look_farther_than_it_should() -> None:
    assert registered(grid() + [0, 0, 0.3], grid(), 0.1) == pytest.approx(grid() + [0, 0, 0.3])


def test_sequences_count_alike() -> None:
    one, other = CloudErrors(*np.arange(6.0)), CloudErrors(*np.arange(6.0) + 2)
    assert astuple(mean_cloud_errors([one, other])) == tuple(np.arange(6.0) + 1)


def test_too_few_points_are_refused() -> None:
    with pytest.raises(NotMeasurable, match="true cloud has 9 points"):
        cloud_errors(grid(), grid(3))
