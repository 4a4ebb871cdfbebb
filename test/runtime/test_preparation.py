"""A prepared network says what it said before, sooner."""

from __future__ import annotations

import copy

import pytest
import torch
from network_runs import difference, run, trained_lite

from mem4d_ros.model import Mem4D
from mem4d_ros.runtime.preparation import prepare

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def lite() -> Mem4D:
    return trained_lite()


@pytest.fixture(scope="module")
def images() -> list[torch.Tensor]:
    """A smooth random scene that moves sideways, (1, 3, 96, 128) each."""
    torch.manual_seed(0)
    scene = torch.nn.functional.interpolate(torch.rand(1, 3, 12, 16), (112, 160), mode="bilinear")
    return [scene[:, :, t : 96 + t, 4 * t : 128 + 4 * t] for t in range(6)]


def test_in_float32_nothing_changes(lite: Mem4D, images: list[torch.Tensor]) -> None:
    prepared = prepare(copy.deepcopy(lite), CPU, torch.float32)
    exact = run(lite, images, torch.float32)
    assert difference(run(prepared, images, torch.float32), exact) < 1e-4
    assert all(weight.dtype == torch.float32 for weight in prepared.parameters())


def test_in_bf16_the_result_is_that_of_autocast_and_near_float32(
    lite: Mem4D, images: list[torch.Tensor]
) -> None:
    prepared = run(prepare(copy.deepcopy(lite), CPU, torch.bfloat16), images, torch.bfloat16)
    assert difference(prepared, run(lite, images, torch.bfloat16)) < 0.01
    assert difference(prepared, run(lite, images, torch.float32)) < 0.03


def test_depth_in_bf16_has_no_steps(lite: Mem4D, images: list[torch.Tensor]) -> None:
    """Were the last layer rounded, a depth between 1 m and 3 m would have at most 2⁷ values."""
    output = run(prepare(copy.deepcopy(lite), CPU, torch.bfloat16), images[:1], torch.bfloat16)
    depth = output.points_camera[..., 2]
    assert len(depth.unique()) > depth.numel() / 2


def test_rounding_halves_the_memory_of_the_weights(lite: Mem4D) -> None:
    def size(model: Mem4D) -> int:
        return sum(weight.nbytes for weight in model.parameters())

    assert size(prepare(copy.deepcopy(lite), CPU, torch.bfloat16)) < 0.52 * size(lite)
