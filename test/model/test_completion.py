"""Pull-push interpolation and the correction of a depth map by measured points."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mem4d_ros.model.completion import DepthCorrection, pull_push
from mem4d_ros.model.evidence import SparseDepth

SMOOTHNESS = torch.full((7,), 0.3)


def points(values: torch.Tensor, weight: torch.Tensor) -> SparseDepth:
    """Sparse depth whose centre is 0."""
    zero = torch.zeros(1, 1, 1, 1)
    return SparseDepth(values.where(weight > 0, 0), weight, zero, zero == 0)


def scattered(every: int = 6) -> torch.Tensor:
    weight = torch.zeros(1, 1, 48, 64)
    weight[..., 1::every, 2::every] = 1
    return weight


def test_a_constant_stays_a_constant() -> None:
    filled = pull_push(torch.full((1, 1, 48, 64), 0.7), 1e3 * scattered(), 1e-3 * SMOOTHNESS)
    torch.testing.assert_close(filled, torch.full_like(filled, 0.7), atol=1e-3, rtol=0)


def test_nothing_known_is_zero() -> None:
    nothing = torch.zeros(1, 1, 48, 64)
    assert pull_push(nothing, nothing, SMOOTHNESS).abs().max() == 0


def test_an_isolated_point_holds_its_place_and_fades_with_distance() -> None:
    values, weight = torch.ones(1, 1, 64, 64), torch.zeros(1, 1, 64, 64)
    weight[..., 8, 8] = 1e3
    filled = pull_push(values, weight, SMOOTHNESS)[0, 0]
    assert filled[8, 8].item() == pytest.approx(1, abs=1e-3)
    assert filled[8, 8] >= filled[8, 20] >= filled[60, 60] > 0


def test_a_smooth_field_is_recovered_better_than_by_its_mean() -> None:
    y, x = torch.meshgrid(torch.linspace(0, 1, 48), torch.linspace(0, 1, 64), indexing="ij")
    field = (torch.sin(3 * x) * torch.cos(2 * y))[None, None]
    filled = pull_push(field, scattered(), 0.1 * SMOOTHNESS)
    error = (filled - field).square().mean()
    assert error < 0.1 * (field - field.mean()).square().mean()


def test_sides_need_not_be_even() -> None:
    filled = pull_push(torch.ones(1, 1, 45, 61), torch.ones(1, 1, 45, 61), SMOOTHNESS)
    assert filled.shape == (1, 1, 45, 61)
    assert filled.isfinite().all()


@torch.no_grad()
def test_the_correction_removes_a_common_factor() -> None:
    rng = np.random.default_rng(0)
    truth = torch.from_numpy(rng.normal(0, 0.3, (1, 1, 48, 64))).float()
    corrected = DepthCorrection()(truth - 0.5, points(truth, scattered()))
    torch.testing.assert_close(corrected, truth, atol=0.01, rtol=0)


@torch.no_grad()
def test_without_points_nothing_is_corrected() -> None:
    log_depth, nothing = torch.rand(1, 1, 48, 64), torch.zeros(1, 1, 48, 64)
    assert torch.equal(DepthCorrection()(log_depth, points(nothing, nothing)), log_depth)


@torch.no_grad()
def test_a_wrong_point_does_not_move_what_is_far() -> None:
    truth, weight = torch.zeros(1, 1, 48, 64), scattered()
    wrong = truth.clone()
    wrong[..., 1, 2] = np.log(3)
    corrected = DepthCorrection()(truth, points(wrong, weight))[0, 0]
    assert corrected[24:, 32:].abs().max() < 0.01
    assert corrected.abs().max() < 0.2 * np.log(3)


@torch.no_grad()
@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_a_point_of_tiny_deviation_is_met_within_5_percent(factor: float) -> None:
    truth, weight = torch.zeros(1, 1, 48, 64), scattered()
    other = truth.clone()
    other[..., 13, 20], weight[..., 13, 20] = np.log(factor), 1600.0
    corrected = DepthCorrection()(truth, points(other, weight))
    assert corrected[0, 0, 13, 20].exp().item() == pytest.approx(factor, rel=0.05)
