"""Evidence as the network takes it: scale apart, what is not known left out."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from evidence import INTRINSICS, points_on, whole_evidence

from mem4d_ros.geometry import project
from mem4d_ros.model.evidence import (
    Evidence,
    SparseDepth,
    cauchy_weight,
    ray_maps,
    rays_of,
    robust_mean,
)

IMAGE = torch.zeros(1, 3, 48, 64)


def test_depth_without_its_deviation_is_refused() -> None:
    with pytest.raises(ValueError, match="deviation"):
        Evidence(depth=torch.ones(1, 48, 64))


def test_a_frame_of_a_sequence_is_its_part() -> None:
    sequence = whole_evidence(batch=2, length=3)
    frame, flat = sequence.at(1), sequence.flattened()
    assert sequence.depth is not None
    assert frame.depth is not None
    assert flat.depth is not None
    assert torch.equal(frame.depth, sequence.depth[:, 1])
    assert torch.equal(flat.depth.unflatten(0, (2, 3)), sequence.depth)


def test_scale_is_apart_from_shape() -> None:
    depth = 1 + 3 * torch.rand(1, 48, 64)
    near, far = (SparseDepth.of(points_on(scale * depth), IMAGE) for scale in (1.0, 7.0))
    torch.testing.assert_close(near.relative, far.relative, atol=1e-5, rtol=0)
    torch.testing.assert_close(near.weight, far.weight)
    assert (far.centre - near.centre).item() == pytest.approx(np.log(7), abs=1e-5)


def test_no_depth_and_depth_of_no_point_are_the_same() -> None:
    nothing = torch.zeros(1, 48, 64)
    none, empty = (
        SparseDepth.of(Evidence(), IMAGE),
        SparseDepth.of(Evidence(depth=nothing, deviation=nothing), IMAGE),
    )
    for name in ("relative", "weight", "centre"):
        assert torch.equal(getattr(none, name), getattr(empty, name)), name
        assert getattr(none, name).abs().max() == 0, name
    assert not none.known
    assert not empty.known


@pytest.mark.parametrize("unknown", [np.inf, np.nan, -1.0])
def test_depth_that_is_no_measurement_is_unknown(unknown: float) -> None:
    depth = torch.zeros(1, 48, 64)
    depth[0, 3, 5] = 2.0
    alone = SparseDepth.of(points_on(depth), IMAGE)
    evidence = points_on(depth)
    assert evidence.depth is not None
    evidence.depth[0, 7, 9] = unknown
    found = SparseDepth.of(evidence, IMAGE)
    for name in ("relative", "weight", "centre", "known"):
        assert torch.equal(getattr(found, name), getattr(alone, name)), name


def test_a_point_of_typical_deviation_weighs_one_and_a_precise_one_more() -> None:
    depth = torch.full((1, 48, 64), 5.0)
    usual = SparseDepth.of(points_on(depth, relative=0.04), IMAGE)
    precise = SparseDepth.of(points_on(depth, relative=0.004), IMAGE)
    assert usual.weight.max().item() == pytest.approx(1, rel=1e-3)
    assert precise.weight.max().item() == pytest.approx(100, rel=0.1)


def test_the_robust_mean_is_the_mean_of_what_agrees() -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(1.0, 0.02, 200)
    values[:20] += rng.uniform(1, 3, 20)
    found = robust_mean(torch.from_numpy(values).view(1, 1, 1, -1), torch.ones(1, 1, 1, 200))
    assert found.item() == pytest.approx(values[20:].mean(), abs=0.02)
    assert values.mean() > 1.1


def test_no_single_point_decides_the_mean_however_precise() -> None:
    values, weight = torch.zeros(1, 1, 1, 50), torch.ones(1, 1, 1, 50)
    values[..., 0], weight[..., 0] = 2.0, 1e4
    assert robust_mean(values, weight).abs().item() < 0.01


def test_cauchy_weight_halves_at_its_scale() -> None:
    assert cauchy_weight(torch.tensor(0.2), scale=0.2).item() == pytest.approx(0.5)
    assert cauchy_weight(torch.tensor(0.0)).item() == 1


def test_rays_of_cells_go_through_their_centres() -> None:
    maps = ray_maps(Evidence(intrinsics=INTRINSICS[None]), IMAGE, stride=4)
    assert maps.shape == (1, 3, 12, 16)
    pixels, _ = project(maps[0].permute(1, 2, 0), INTRINSICS)
    centre = torch.tensor([1.5, 1.5])  # of pixels 0 to 3
    torch.testing.assert_close(pixels[0, 0], centre)
    torch.testing.assert_close(pixels[3, 5], centre + torch.tensor([20.0, 12.0]))


def test_unknown_rays_are_zeros() -> None:
    assert ray_maps(Evidence(), IMAGE, 16).abs().max() == 0
    both = Evidence(
        intrinsics=INTRINSICS.expand(2, 3, 3), has_intrinsics=torch.tensor([True, False])
    )
    maps = ray_maps(both, IMAGE.expand(2, -1, -1, -1), 16)
    assert maps[0].abs().max() > 0
    assert maps[1].abs().max() == 0


def test_where_no_camera_is_given_the_predicted_one_counts() -> None:
    predicted = 2 * INTRINSICS.expand(2, 3, 3)
    given = Evidence(
        intrinsics=INTRINSICS.expand(2, 3, 3), has_intrinsics=torch.tensor([True, False])
    )
    found = rays_of(given, predicted)
    assert torch.equal(found[0], INTRINSICS)
    assert torch.equal(found[1], predicted[1])
    assert torch.equal(rays_of(Evidence(), predicted), predicted)
