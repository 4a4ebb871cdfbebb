"""Points as a tracker would have them: where, how many, how wrong."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch

from mem4d_ros.evaluation.evidence_points import (
    MeasuringError,
    best_pixels,
    corner_strength,
    local_maxima,
    measured_corners,
)


@pytest.fixture
def images() -> torch.Tensor:
    rng = np.random.default_rng(0)
    coarse = torch.tensor(rng.random((2, 3, 24, 32)), dtype=torch.float32)
    return torch.nn.functional.interpolate(coarse, size=(120, 160), mode="bicubic").clamp(0, 1)


def test_corner_strength_is_opencvs(images: torch.Tensor) -> None:
    grey = images[0].permute(1, 2, 0).numpy() @ np.array([0.299, 0.587, 0.114], np.float32)
    expected = cv2.cornerMinEigenVal(grey, blockSize=5, ksize=1)
    found = corner_strength(images)[0].numpy()
    inner = np.s_[5:-5, 5:-5]
    scale = found.max() / expected.max()  # OpenCV sums where this is a mean
    np.testing.assert_allclose(found[inner], expected[inner] * scale, atol=0.02 * found.max())


def test_an_edge_is_no_corner() -> None:
    image = torch.zeros(1, 3, 40, 40)
    image[..., 20:, :20] = 1
    strength = corner_strength(image)[0]
    row, column = divmod(int(strength.argmax()), 40)
    assert abs(row - 20) <= 2
    assert abs(column - 20) <= 2
    assert strength[20, 5] < 1e-6


def test_maxima_keep_their_distance() -> None:
    score = torch.rand(1, 60, 60)
    rows, columns = local_maxima(score, 4)[0].nonzero().T.float()
    assert len(rows) > 20
    far = torch.maximum((rows[:, None] - rows).abs(), (columns[:, None] - columns).abs())
    assert (far + 100 * torch.eye(len(rows))).min() > 4


def test_fewer_pixels_than_asked_for() -> None:
    score = torch.zeros(1, 4, 4)
    score[0, 1, 2] = 0.5
    chosen = best_pixels(score, 5)
    assert chosen.found.sum() == 1
    maps = chosen.to_maps(torch.full((1, 5), 7.0), 4, 4)
    assert maps[0, 1, 2] == 7
    assert maps.sum() == 7


@pytest.mark.parametrize("count", [0, 100, 300])
def test_as_many_as_asked_for_and_the_same_each_time(images: torch.Tensor, count: int) -> None:
    depth = torch.full((2, 120, 160), 2.0)
    points, deviation = measured_corners(images, depth, count, seed=3)
    assert torch.equal(measured_corners(images, depth, count, seed=3)[0], points)
    assert (points > 0).sum((1, 2)).tolist() == [count] * 2
    torch.testing.assert_close(deviation, 0.04 * points)


def test_they_spread_over_the_image_before_they_crowd(images: torch.Tensor) -> None:
    points, _ = measured_corners(images, torch.full((2, 120, 160), 2.0), 40, seed=0)
    by_cell = torch.nn.functional.avg_pool2d((points > 0).float()[:, None], 40) * 1600
    assert (by_cell >= 1).all()  # each of 12 cells


def test_where_little_depth_is_known_all_points_lie_there(images: torch.Tensor) -> None:
    depth = torch.full((2, 120, 160), torch.nan)
    depth[:, ::3, 40:120] = 2.0
    points, _ = measured_corners(images, depth, 300, seed=0)
    assert (points > 0).sum((1, 2)).tolist() == [300] * 2


def test_their_errors(images: torch.Tensor) -> None:
    depth = torch.full((2, 120, 160), 2.0)
    found = torch.cat([measured_corners(images, depth, 300, seed)[0] for seed in range(20)])
    errors = found[found > 0] / 2 - 1
    beyond_noise = 0.05 * (1 - np.log2(1.16))  # of a factor between 1/2 and 2
    assert (errors.abs() > 0.16).float().mean() == pytest.approx(beyond_noise, abs=0.012)
    assert errors[errors.abs() < 0.12].std() == pytest.approx(0.04, rel=0.1)


def test_exact_points_are_the_depth(images: torch.Tensor) -> None:
    depth = 1 + torch.rand(2, 120, 160)
    depth[:, :60] = torch.nan
    found, _ = measured_corners(images, depth, 100, 0, MeasuringError(noise=0.0, outliers=0.0))
    there = found > 0
    assert there.sum() > 50
    torch.testing.assert_close(found[there], depth[there])
    assert not there[:, :60].any()


def test_sequences_keep_their_shape(images: torch.Tensor) -> None:
    depth, deviation = measured_corners(images[:, None], torch.ones(2, 1, 120, 160), 50, 0)
    assert depth.shape == deviation.shape == (2, 1, 120, 160)
