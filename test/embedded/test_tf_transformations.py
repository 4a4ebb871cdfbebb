"""The stand-in for tf_transformations against SciPy, whose quaternions are x, y, z, w as well."""

from __future__ import annotations

import numpy as np
import pytest
import tf_transformations as tft
from scipy.spatial.transform import Rotation

ROTATIONS = [
    Rotation.identity(),
    *(Rotation.from_euler(axis, 180, degrees=True) for axis in "xyz"),
    *Rotation.random(20, random_state=0),
]


def as_matrix(rotation: Rotation) -> np.ndarray:
    matrix = np.eye(4)
    matrix[:3, :3] = rotation.as_matrix()
    return matrix


@pytest.mark.parametrize("rotation", ROTATIONS)
def test_quaternions_and_matrices_are_scipys(rotation: Rotation) -> None:
    quaternion = tft.quaternion_from_matrix(as_matrix(rotation))
    assert abs(quaternion @ rotation.as_quat()) == pytest.approx(1.0, abs=1e-12)
    assert quaternion[3] >= 0.0
    np.testing.assert_allclose(
        tft.quaternion_matrix(rotation.as_quat()), as_matrix(rotation), atol=1e-12
    )


def test_the_length_of_a_quaternion_does_not_change_its_rotation() -> None:
    quaternion = np.array([0.3, -0.2, 0.5, 0.7])
    np.testing.assert_allclose(
        tft.quaternion_matrix(3 * quaternion), tft.quaternion_matrix(quaternion), atol=1e-12
    )


def test_a_zero_quaternion_means_no_rotation() -> None:
    np.testing.assert_array_equal(tft.quaternion_matrix([0, 0, 0, 0]), np.eye(4))


@pytest.mark.parametrize("angles", [(0, 0, 0), (0.1, -0.2, 0.3), (3.0, 1.2, -2.9), (-1, -1.5, 2)])
def test_euler_angles_turn_about_fixed_axes(angles: tuple[float, float, float]) -> None:
    rotation = Rotation.from_euler("xyz", angles)
    quaternion = tft.quaternion_from_euler(*angles)
    assert abs(quaternion @ rotation.as_quat()) == pytest.approx(1.0, abs=1e-12)
    np.testing.assert_allclose(tft.euler_from_quaternion(quaternion), angles, atol=1e-12)
    np.testing.assert_allclose(tft.euler_from_matrix(as_matrix(rotation)), angles, atol=1e-12)


def test_euler_angles_at_the_pole_give_the_same_rotation() -> None:
    rotation = Rotation.from_euler("xyz", [0.4, np.pi / 2, 0.1])
    angles = tft.euler_from_matrix(np.round(as_matrix(rotation), 15))
    assert angles[2] == 0.0
    np.testing.assert_allclose(
        Rotation.from_euler("xyz", angles).as_matrix(), rotation.as_matrix(), atol=1e-7
    )


def test_a_product_applies_its_last_factor_first() -> None:
    a, b = Rotation.random(2, random_state=1)
    product = tft.quaternion_multiply(a.as_quat(), b.as_quat())
    assert abs((a * b).as_quat() @ product) == pytest.approx(1.0, abs=1e-12)
    np.testing.assert_allclose(
        tft.concatenate_matrices(as_matrix(a), as_matrix(b)), as_matrix(a * b), atol=1e-12
    )


def test_inverses_undo() -> None:
    quaternion = np.array([0.1, 0.2, -0.3, 2.0])
    undone = tft.quaternion_multiply(quaternion, tft.quaternion_inverse(quaternion))
    np.testing.assert_allclose(undone, [0, 0, 0, 1], atol=1e-12)
    np.testing.assert_array_equal(tft.quaternion_conjugate([1, 2, 3, 4]), [-1, -2, -3, 4])
    pose = tft.translation_matrix([1, 2, 3]) @ tft.quaternion_matrix(quaternion)
    np.testing.assert_allclose(tft.inverse_matrix(pose) @ pose, tft.identity_matrix(), atol=1e-12)


def test_translations_sit_in_the_last_column() -> None:
    matrix = tft.translation_matrix([1, 2, 3])
    np.testing.assert_array_equal(matrix @ [0, 0, 0, 1], [1, 2, 3, 1])
    np.testing.assert_array_equal(tft.translation_from_matrix(matrix), [1, 2, 3])
