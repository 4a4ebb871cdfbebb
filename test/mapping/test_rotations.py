"""Turns against SciPy's."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from mem4d_ros.mapping.rotations import (
    angle_between,
    exponential,
    logarithm,
    orthonormal,
    part_of_motion,
    skew,
)


@pytest.fixture
def vectors() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(50, 3))


def test_the_exponential_is_scipys(vectors: np.ndarray) -> None:
    expected = Rotation.from_rotvec(vectors).as_matrix()
    np.testing.assert_allclose(exponential(vectors), expected, atol=1e-12)


def test_the_logarithm_is_the_way_back(vectors: np.ndarray) -> None:
    short = np.concatenate((vectors / 2, 1e-9 * vectors, np.zeros((1, 3))))
    np.testing.assert_allclose(logarithm(exponential(short)), short, atol=1e-12)


def test_no_turn_is_the_identity() -> None:
    np.testing.assert_array_equal(exponential(np.zeros(3)), np.eye(3))


def test_skew_is_the_cross_product(vectors: np.ndarray) -> None:
    other = vectors[::-1]
    product = np.einsum("nij,nj->ni", skew(vectors), other)
    np.testing.assert_allclose(product, np.cross(vectors, other), atol=1e-12)


def test_the_angle_is_that_of_the_turn_between(vectors: np.ndarray) -> None:
    first, second = exponential(vectors[0]), exponential(vectors[1])
    expected = Rotation.from_matrix(first.T @ second).magnitude()
    assert angle_between(first, second) == pytest.approx(expected)


def test_rounding_is_taken_out_of_rotations(vectors: np.ndarray) -> None:
    noisy = exponential(vectors) + np.random.default_rng(1).normal(0, 1e-6, (50, 3, 3))
    exact = orthonormal(noisy)
    np.testing.assert_allclose(
        exact @ exact.swapaxes(-1, -2), np.tile(np.eye(3), (50, 1, 1)), atol=1e-12
    )
    np.testing.assert_allclose(exact, noisy, atol=1e-5)


def test_half_a_motion_twice_turns_as_far_as_the_whole(vectors: np.ndarray) -> None:
    motion = np.eye(4)
    motion[:3, :3], motion[:3, 3] = exponential(vectors[0]), vectors[1]
    half = part_of_motion(motion, 0.5)
    np.testing.assert_allclose((half @ half)[:3, :3], motion[:3, :3], atol=1e-12)
    np.testing.assert_allclose(half[:3, 3], vectors[1] / 2)
