from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial.transform import Rotation

from mem4d_ros.geometry import (
    matrix_to_quaternion,
    pose_from,
    quaternion_to_matrix,
    rigid_inverse,
    rotate_vectors,
    transform_points,
)

components = st.floats(-1, 1, allow_subnormal=False)
quaternions = arrays(np.float64, 4, elements=components).filter(lambda q: q @ q > 1e-2)
translations = arrays(np.float64, 3, elements=st.floats(-100, 100))
BOTH = pytest.mark.parametrize("kind", [np.asarray, torch.as_tensor], ids=["numpy", "torch"])


def random_poses(*shape: int, seed: int = 0) -> np.ndarray:
    generator = np.random.default_rng(seed)
    return pose_from(generator.normal(size=(*shape, 4)), generator.normal(size=(*shape, 3)))


@given(quaternions)
def test_matrix_is_the_one_of_scipy(quaternion: np.ndarray) -> None:
    expected = Rotation.from_quat(np.roll(quaternion, -1)).as_matrix()
    np.testing.assert_allclose(quaternion_to_matrix(quaternion), expected, atol=1e-12)


@given(quaternions)
def test_quaternion_returns_from_its_matrix_with_positive_w(quaternion: np.ndarray) -> None:
    unit = quaternion / np.linalg.norm(quaternion)
    assume(abs(unit[0]) > 1e-6)
    expected = unit * np.sign(unit[0])
    np.testing.assert_allclose(
        matrix_to_quaternion(quaternion_to_matrix(quaternion)), expected, atol=1e-9
    )


@pytest.mark.parametrize("axis", range(3))
def test_half_turns_have_a_quaternion(axis: int) -> None:
    """w = 0, where the textbook formula divides by zero."""
    rotation = -np.eye(3)
    rotation[axis, axis] = 1
    np.testing.assert_allclose(matrix_to_quaternion(rotation), np.eye(4)[1 + axis], atol=1e-12)


@BOTH
def test_functions_keep_kind_type_and_batch_shape(
    kind: Callable[..., np.ndarray | torch.Tensor],
) -> None:
    quaternion = kind(np.random.default_rng(0).normal(size=(2, 5, 4)).astype(np.float32))
    pose = pose_from(quaternion, quaternion[..., 1:])
    assert type(pose) is type(quaternion)
    assert pose.dtype == quaternion.dtype
    assert tuple(pose.shape) == (2, 5, 4, 4)
    assert tuple(matrix_to_quaternion(pose[..., :3, :3]).shape) == (2, 5, 4)


def test_numpy_and_torch_agree() -> None:
    poses = random_poses(7)
    tensors = torch.as_tensor(poses)
    points = np.random.default_rng(1).normal(size=(7, 4, 5, 3))
    np.testing.assert_allclose(rigid_inverse(tensors).numpy(), rigid_inverse(poses), atol=1e-14)
    np.testing.assert_allclose(
        transform_points(tensors, torch.as_tensor(points)).numpy(), transform_points(poses, points)
    )
    np.testing.assert_allclose(
        matrix_to_quaternion(tensors[:, :3, :3]).numpy(), matrix_to_quaternion(poses[:, :3, :3])
    )


@given(quaternions, translations)
def test_inverse_is_the_matrix_inverse(quaternion: np.ndarray, translation: np.ndarray) -> None:
    pose = pose_from(quaternion, translation)
    np.testing.assert_allclose(rigid_inverse(pose), np.linalg.inv(pose), atol=1e-9)


@pytest.mark.parametrize("batch", [(), (2,), (2, 3)])
@pytest.mark.parametrize("inner", [(), (6,), (4, 5)])
def test_points_move_as_homogeneous_coordinates_do(
    batch: tuple[int, ...], inner: tuple[int, ...]
) -> None:
    poses = random_poses(*batch)
    points = np.random.default_rng(1).normal(size=(*batch, *inner, 3))
    moved = transform_points(poses, points)
    assert moved.shape == points.shape
    for index in np.ndindex(*batch, *inner):
        pose = poses[index[: len(batch)]]
        np.testing.assert_allclose(moved[index], (pose @ [*points[index], 1])[:3], atol=1e-12)


def test_vectors_turn_without_translation() -> None:
    quarter_turn = quaternion_to_matrix(np.array([1.0, 0.0, 0.0, 1.0]))
    turned = rotate_vectors(quarter_turn, np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]))
    np.testing.assert_allclose(turned, [[0, 1, 0], [-1, 0, 0]], atol=1e-15)


def test_autocast_does_not_cost_precision() -> None:
    pose = torch.as_tensor(random_poses()).float()
    points = torch.rand(100, 3)
    with torch.autocast("cpu", torch.bfloat16):
        moved = transform_points(rigid_inverse(pose), transform_points(pose, points))
    torch.testing.assert_close(moved, points, atol=1e-5, rtol=0)


def test_gradients_are_finite_at_the_identity() -> None:
    rotation = torch.eye(3).requires_grad_()
    matrix_to_quaternion(rotation).sum().backward()
    assert torch.isfinite(rotation.grad).all()
