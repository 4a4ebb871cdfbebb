from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.spatial.transform import Rotation

from mem4d_ros.geometry import align_rigid, align_similarity


@pytest.fixture
def points() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(30, 3))


def test_a_known_similarity_is_found(points: np.ndarray) -> None:
    rotation = Rotation.from_rotvec([0.3, -1.2, 2.0]).as_matrix()
    target = 2.5 * points @ rotation.T + [1.0, -2.0, 3.0]
    found = align_similarity(points, target)
    assert found.scale == pytest.approx(2.5)
    np.testing.assert_allclose(found.rotation, rotation, atol=1e-12)
    np.testing.assert_allclose(found.apply(points), target, atol=1e-12)


def test_a_rigid_alignment_has_the_rotation_of_scipy(points: np.ndarray) -> None:
    target = points[::-1] + [0.0, 5.0, 0.0]
    found = align_rigid(points, target)
    expected, _ = Rotation.align_vectors(target - target.mean(0), points - points.mean(0))
    assert found.scale == 1.0
    np.testing.assert_allclose(found.rotation, expected.as_matrix(), atol=1e-7)


def test_a_weight_counts_like_so_many_points(points: np.ndarray) -> None:
    target = points[::-1] + [0.0, 5.0, 0.0]
    weights = np.arange(30) % 4
    found = align_rigid(points, target, weights)
    expected = align_rigid(np.repeat(points, weights, 0), np.repeat(target, weights, 0))
    np.testing.assert_allclose(found.rotation, expected.rotation, atol=1e-12)
    np.testing.assert_allclose(found.translation, expected.translation, atol=1e-12)


def test_no_nearby_similarity_is_better(points: np.ndarray) -> None:
    """The closed form against a numerical search over the seven degrees of freedom."""
    target = points * [1.0, 2.0, 0.5] + np.random.default_rng(1).normal(size=points.shape)

    def error(parameters: np.ndarray) -> float:
        moved = np.exp(parameters[0]) * Rotation.from_rotvec(parameters[1:4]).apply(points)
        return float(((moved + parameters[4:] - target) ** 2).sum())

    found = align_similarity(points, target)
    start = [np.log(found.scale), *Rotation.from_matrix(found.rotation).as_rotvec()]
    best = minimize(error, [*start, *found.translation])
    assert ((found.apply(points) - target) ** 2).sum() == pytest.approx(best.fun, rel=1e-6)


def test_a_mirror_image_is_not_matched_by_a_reflection(points: np.ndarray) -> None:
    found = align_similarity(points, points * [-1.0, 1.0, 1.0])
    assert np.linalg.det(found.rotation) == pytest.approx(1.0)


def test_points_on_a_line_align(points: np.ndarray) -> None:
    line = np.outer(np.arange(5.0), [1.0, 0.0, 0.0])
    target = 3 * line[:, [1, 0, 2]] + 1.0
    np.testing.assert_allclose(align_similarity(line, target).apply(line), target, atol=1e-12)


@pytest.mark.parametrize(
    ("source", "target", "message"),
    [
        (np.zeros((4, 3)), np.zeros((5, 3)), r"\(4, 3\) and \(5, 3\)"),
        (np.zeros((0, 3)), np.zeros((0, 3)), "shape"),
        (np.full((4, 3), np.nan), np.zeros((4, 3)), "finite"),
        (np.ones((4, 3)), np.zeros((4, 3)), "coincide"),
    ],
)
def test_impossible_points_are_refused(
    source: np.ndarray, target: np.ndarray, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        align_similarity(source, target)
