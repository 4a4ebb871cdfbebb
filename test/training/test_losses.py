"""The objective against formulas written out in NumPy and SciPy, and its invariances."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from mem4d_ros.geometry import fov_to_intrinsics
from mem4d_ros.model import FrameOutput
from mem4d_ros.training.losses import (
    SKY_M,
    LossWeights,
    Truth,
    confidence_regression,
    edge_loss,
    mean_distance,
    pose_loss,
    quaternion_error,
    relative_pose_loss,
    sky_loss,
    training_loss,
)

SHAPE = (2, 3, 4, 5)


@pytest.fixture
def truth() -> Truth:
    rng = np.random.default_rng(0)
    poses = np.tile(np.eye(4), (*SHAPE[:2], 1, 1))
    poses[..., :3, :3] = Rotation.random(6, random_state=0).as_matrix().reshape(2, 3, 3, 3)
    poses[..., :3, 3] = rng.normal(size=(2, 3, 3))
    points = torch.tensor(rng.normal(size=(*SHAPE, 3))) + torch.tensor([0, 0, 5.0])
    valid = torch.tensor(rng.random(SHAPE) < 0.7)
    return Truth(
        points_world=points.where(valid[..., None], torch.nan),
        points_camera=(points * 1.1).where(valid[..., None], torch.nan),
        valid=valid,
        sky=~valid & torch.tensor(rng.random(SHAPE) < 0.5),
        camera_to_world=torch.tensor(poses),
        field_of_view=torch.full((2, 3, 2), 1.0, dtype=torch.float64),
    )


def perfect(truth: Truth) -> FrameOutput:
    quaternions = Rotation.from_matrix(
        truth.camera_to_world[..., :3, :3].reshape(-1, 3, 3).numpy()
    ).as_quat()[:, [3, 0, 1, 2]]
    ones = torch.ones(SHAPE, dtype=torch.float64)
    return FrameOutput(
        points_world=truth.points_world.nan_to_num(),
        confidence_world=ones,
        points_camera=truth.points_camera.nan_to_num(),
        confidence_camera=ones,
        quaternion=torch.tensor(quaternions).reshape(2, 3, 4),
        translation=truth.camera_to_world[..., :3, 3].clone(),
        field_of_view=truth.field_of_view.clone(),
        intrinsics=fov_to_intrinsics(truth.field_of_view, *SHAPE[-2:]),
    )


def test_the_truth_costs_nothing(truth: Truth) -> None:
    losses = training_loss(perfect(truth), truth, LossWeights())
    assert losses.total.item() == pytest.approx(0, abs=1e-12)


def test_confidence_regression_is_the_formula(truth: Truth) -> None:
    rng = np.random.default_rng(1)
    points, confidence = rng.normal(size=(*SHAPE, 3)), 1 + rng.random(SHAPE)
    scale = np.array([2.0, 3.0])
    terms = []
    for index in zip(*np.nonzero(truth.valid.numpy()), strict=True):
        error = np.linalg.norm(points[index] - truth.points_world[index].numpy())
        terms.append(confidence[index] * error / scale[index[0]] - 0.2 * np.log(confidence[index]))
    found = confidence_regression(
        torch.tensor(points),
        torch.tensor(confidence),
        truth.points_world,
        truth.valid,
        torch.tensor(scale)[:, None, None, None],
        alpha=0.2,
    )
    assert found.item() == pytest.approx(np.mean(terms))


def test_unknown_pixels_have_no_gradient_and_no_nan(truth: Truth) -> None:
    points = torch.randn(*SHAPE, 3, dtype=torch.float64, requires_grad=True)
    output = replace(perfect(truth), points_world=points)
    training_loss(output, truth, LossWeights()).total.backward()
    assert points.grad is not None
    assert points.grad.isfinite().all()
    assert (points.grad[~truth.valid] == 0).all()
    assert (points.grad[truth.valid] != 0).any(-1).all()


def test_a_points_own_distance_as_unit_makes_near_and_far_alike(truth: Truth) -> None:
    """All points a tenth further away: every pixel costs a tenth."""
    nearest = truth.points_camera.norm(dim=-1)[truth.valid].min()
    far = replace(truth, points_camera=truth.points_camera * (1.0 / nearest))
    exact = perfect(far)
    further = replace(
        exact,
        points_camera=exact.points_camera * 1.1,
        confidence_camera=torch.ones_like(exact.confidence_camera),
    )
    assert training_loss(further, far, LossWeights(unit="point")).camera.item() == pytest.approx(
        0.1
    )


def test_points_at_the_camera_have_a_finite_cost(truth: Truth) -> None:
    here = replace(truth, points_camera=torch.zeros_like(truth.points_camera))
    assert training_loss(perfect(truth), here, LossWeights(unit="point")).camera.isfinite()


def test_an_unknown_unit() -> None:
    with pytest.raises(ValueError, match=r"unit must be one of .*'sequence', 'point'.*'inch'"):
        LossWeights(unit="inch")


def test_the_optimal_confidence_is_alpha_over_error(truth: Truth) -> None:
    """d/dC (C·e - α log C) = 0 at C = α / e."""
    error, alpha = 0.05, 0.2
    shifted = truth.points_world.nan_to_num() + torch.tensor([error, 0, 0])

    def loss(confidence: float) -> float:
        c = torch.full(SHAPE, confidence, dtype=torch.float64)
        one = torch.ones((), dtype=torch.float64)
        args = (truth.points_world, truth.valid, one, alpha)
        return confidence_regression(shifted, c, *args).item()

    best = alpha / error
    assert loss(best) < min(loss(best * 0.9), loss(best * 1.1))


def test_the_sky_costs_by_how_much_nearer_than_far_it_is_seen() -> None:
    depth = torch.tensor([[SKY_M / math.e, 2 * SKY_M, 5.0, 5.0]])
    sky = torch.tensor([[True, True, False, False]])
    known = torch.tensor([[False, False, True, False]])
    assert sky_loss(depth, sky, known).item() == pytest.approx(1 / 3)
    nothing = torch.zeros_like(sky)
    assert sky_loss(depth, nothing, nothing).item() == 0


def test_a_quaternion_and_its_negative_are_one_rotation() -> None:
    q = torch.nn.functional.normalize(torch.randn(7, 4, dtype=torch.float64), dim=-1)
    p = torch.nn.functional.normalize(torch.randn(7, 4, dtype=torch.float64), dim=-1)
    assert quaternion_error(q, -q).abs().max() == 0
    torch.testing.assert_close(quaternion_error(q, p), quaternion_error(-q, p))


def test_pose_errors_add_up(truth: Truth) -> None:
    moved = replace(perfect(truth), translation=truth.camera_to_world[..., :3, 3] + 1.0)
    scale = torch.tensor([2.0, 4.0], dtype=torch.float64)
    expected = np.mean([3 / 4, 3 / 16])  # |(1,1,1)|² / s²
    assert pose_loss(moved, truth, scale).item() == pytest.approx(expected)


def test_relative_motion_does_not_see_where_the_world_lies(truth: Truth) -> None:
    """Moving the whole predicted world rigidly leaves the relative loss at zero."""
    output = perfect(truth)
    shift = np.eye(4)
    shift[:3, :3] = Rotation.from_euler("xyz", [0.3, -0.2, 0.5]).as_matrix()
    shift[:3, 3] = [1, 2, 3]
    moved = torch.tensor(shift) @ truth.camera_to_world
    quaternions = Rotation.from_matrix(moved[..., :3, :3].reshape(-1, 3, 3).numpy()).as_quat()
    output = replace(
        output,
        quaternion=torch.tensor(quaternions[:, [3, 0, 1, 2]]).reshape(2, 3, 4),
        translation=moved[..., :3, 3],
    )
    one = torch.ones(2, dtype=torch.float64)
    assert relative_pose_loss(output, truth, one).item() == pytest.approx(0, abs=1e-12)
    assert pose_loss(output, truth, one).item() > 0.1


def test_a_single_frame_has_no_relative_motion(truth: Truth) -> None:
    output = perfect(truth)
    first = FrameOutput(*(getattr(output, name)[:, :1] for name in output.__dataclass_fields__))
    only = Truth(*(getattr(truth, name)[:, :1] for name in truth.__dataclass_fields__))
    assert relative_pose_loss(first, only, torch.ones(2)).item() == 0


def test_scale_is_the_mean_distance_of_valid_points() -> None:
    points = torch.tensor([[3.0, 0, 4], [0, 0, 1], [9, 9, 9]]).reshape(1, 1, 1, 3, 3)
    valid = torch.tensor([True, True, False]).reshape(1, 1, 1, 3)
    assert mean_distance(points, valid).tolist() == [3.0]


def test_a_sequence_without_a_known_pixel_costs_only_its_camera(truth: Truth) -> None:
    unknown = replace(truth, valid=torch.zeros(SHAPE, dtype=torch.bool))
    losses = training_loss(perfect(truth), unknown, LossWeights(edges=1.0))
    assert [losses.world, losses.camera, losses.edges] == [0, 0, 0]
    assert losses.total.isfinite()


def test_a_frame_whose_pose_was_given_has_no_world_to_learn(truth: Truth) -> None:
    placed = torch.zeros(SHAPE[:2], dtype=torch.bool)
    placed[0] = True
    points = truth.points_world.nan_to_num().clone().requires_grad_()
    output = replace(perfect(truth), points_world=points)
    training_loss(
        replace(output, points_world=points + 1), truth, LossWeights(), placed
    ).world.backward()
    assert points.grad is not None
    assert (points.grad[placed] == 0).all()
    assert (points.grad[~placed][truth.valid[~placed]] != 0).any(-1).all()


def test_edges_see_depth_up_to_its_scale() -> None:
    depth = torch.rand(1, 2, 20, 24, dtype=torch.float64) + 1
    everywhere = torch.ones(depth.shape, dtype=torch.bool)
    assert edge_loss(3 * depth, depth, everywhere).item() == pytest.approx(0, abs=1e-12)
    assert edge_loss(torch.ones_like(depth), depth, everywhere) > 0.01


def test_a_missing_edge_costs_more_than_one_on_a_plain_wall() -> None:
    """The same error of the gradient, once where the truth has a step, once where it has none."""
    step, plain = torch.ones(1, 1, 16, 16), torch.ones(1, 1, 16, 16)
    step[..., 8:] = 2
    everywhere = torch.ones(step.shape, dtype=torch.bool)
    assert edge_loss(plain, step, everywhere) > 3 * edge_loss(step, plain, everywhere)


def test_edges_of_unknown_depth_do_not_count() -> None:
    depth = torch.ones(1, 1, 12, 12)
    truth = depth.clone()
    truth[..., 5] = torch.nan
    predicted = depth.clone().requires_grad_()
    with_hole = torch.where(torch.arange(12) == 5, 7 * predicted, predicted)
    loss = edge_loss(with_hole, truth, truth.isfinite())
    loss.backward()
    assert loss.item() == 0
    assert predicted.grad is not None
    assert (predicted.grad == 0).all()


def test_each_weight_scales_its_part(truth: Truth) -> None:
    output = perfect(truth)
    output = replace(
        output,
        points_world=output.points_world + 1,
        points_camera=output.points_camera + 1,
        translation=output.translation * 2,
    )
    parts = training_loss(output, truth, LossWeights(edges=1.0))
    for name in ("world", "camera", "pose", "relative_pose", "edges"):
        without = training_loss(output, truth, replace(LossWeights(edges=1.0), **{name: 0.0}))
        part = getattr(parts, name).item()
        assert part > 0
        assert parts.total.item() - without.total.item() == pytest.approx(part)
