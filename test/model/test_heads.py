"""Heads: the closed form of the point mapping, sizes, and a harmless start."""

from __future__ import annotations

import math

import pytest
import torch
from small_networks import SMALL_VIT

from mem4d_ros.model import PRESETS
from mem4d_ros.model.heads import WALL_DEPTH_M, CameraHead, PointmapHead, to_points


def test_points_are_direction_times_expm1_of_the_norm() -> None:
    raw = torch.zeros(1, 4, 1, 1)  # one pixel, whose wall point lies straight ahead
    raw[0, :, 0, 0] = torch.tensor([1.2, 0.0, 1.6 - math.log1p(WALL_DEPTH_M), 0.5])
    points, confidence = to_points(raw)
    length = math.expm1(2.0)
    torch.testing.assert_close(
        points.flatten(), torch.tensor([0.6 * length, 0.0, 0.8 * length]), rtol=1e-5, atol=1e-6
    )
    assert confidence.item() == pytest.approx(1 + math.exp(0.5))


def test_zeros_are_a_wall_seen_by_a_camera_of_60_degrees() -> None:
    points, _ = to_points(torch.zeros(1, 4, 48, 64))
    torch.testing.assert_close(points[..., 2], torch.full((1, 48, 64), WALL_DEPTH_M))
    left, right = points[0, 24, 0], points[0, 24, -1]
    pixel = (right[0] - left[0]) / 63
    half = math.tan(math.radians(30)) * WALL_DEPTH_M
    assert (right[0] + pixel / 2).item() == pytest.approx(half, rel=1e-5)
    assert left[0].item() == pytest.approx(-right[0].item())


def test_the_origin_has_a_finite_gradient() -> None:
    raw = torch.zeros(1, 4, 1, 1)
    raw[0, 2] = -math.log1p(WALL_DEPTH_M)
    raw.requires_grad_()
    points, confidence = to_points(raw)
    (points.sum() + confidence.sum()).backward()
    assert points.abs().max() < 1e-6
    assert raw.grad is not None
    assert raw.grad.isfinite().all()


@pytest.mark.parametrize("grid", [(3, 5), (6, 4), (1, 1)])
def test_a_map_has_the_size_of_the_image(grid: tuple[int, int]) -> None:
    head = PointmapHead(SMALL_VIT, {})
    taps = [torch.randn(2, grid[0] * grid[1], SMALL_VIT.width) for _ in range(4)]
    points, confidence = head(taps, {}, grid)
    assert points.shape == (2, 16 * grid[0], 16 * grid[1], 3)
    assert confidence.shape == points.shape[:-1]


@torch.no_grad()
def test_untrained_heads_predict_a_wall_ahead_of_a_still_camera() -> None:
    torch.manual_seed(0)
    config = PRESETS["lite"]
    points, _ = PointmapHead(config, {})([torch.randn(1, 4, config.width)] * 4, {}, (2, 2))
    assert points[..., 2].mean().item() == pytest.approx(2.0, abs=0.5)
    field_of_view, quaternion, translation = CameraHead(config)(torch.randn(1, config.width))
    assert field_of_view.flatten().tolist() == pytest.approx([math.radians(60)] * 2, abs=0.1)
    assert quaternion[0, 0].item() == pytest.approx(1.0, abs=0.01)
    assert translation.abs().max() < 0.1
