"""Processes that render leave whole sequences of all kinds, those for measuring first."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from mem4d_ros.synthetic.seeds import HELD_OUT_SEED
from mem4d_ros.training.data.packed import read_packed
from mem4d_ros.training.data.rendering import PROCEDURAL, RenderingPlan, render, render_into
from mem4d_ros.training.data.sequences import read_sequence


@pytest.fixture
def plan(tmp_path: Path) -> RenderingPlan:
    (tmp_path / "held_out").mkdir()
    return RenderingPlan(
        tmp_path,
        Path(),
        2,
        24,
        32,
        1.0,
        packed=False,
        count=None,
        waiting=2,
        held_out=1,
        seed=5,
        device="cpu",
    )


def test_a_procedural_sequence(plan: RenderingPlan) -> None:
    sequence = render(PROCEDURAL, 5, plan)
    assert sequence.images.shape == (2, 3, 24, 32)
    assert sequence.images.dtype == torch.uint8
    assert torch.equal(sequence.camera_to_world[0], torch.eye(4))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
def test_a_gpu_renders_the_same_scene(plan: RenderingPlan) -> None:
    """But for the noise of the camera, and pixels on an edge."""
    here, there = render(PROCEDURAL, 5, plan), render(PROCEDURAL, 5, replace(plan, device="cuda"))
    assert there.images.device.type == "cpu"
    assert torch.equal(there.camera_to_world, here.camera_to_world)
    same = torch.isclose(there.depth, here.depth, rtol=1e-2)
    assert same.float().mean() > 0.99
    difference = (there.images.float() - here.images.float()).abs()
    assert difference.mean() < 8  # of 255


def test_it_ends_with_its_parent_and_leaves_what_is_for_measuring(plan: RenderingPlan) -> None:
    render_into(plan, worker=0, workers=1, parent=-1)
    assert not list(plan.out.glob("*.safetensors"))
    file = plan.out / "held_out" / f"procedural-{HELD_OUT_SEED}.safetensors"
    found = read_sequence(file, 2, 24, 32)
    assert torch.equal(found.images, render(PROCEDURAL, HELD_OUT_SEED, plan).images)


@pytest.mark.long
def test_processes_share_what_is_to_be_rendered(plan: RenderingPlan) -> None:
    some = replace(plan, count=5, packed=True, held_out=0)
    for worker in (0, 1):
        render_into(some, worker, 2, os.getppid())
    names = sorted(path.name for path in plan.out.glob("*.safetensors"))
    assert names == [f"procedural-{seed:07d}.packed.safetensors" for seed in range(5, 10)]
    found = read_packed(plan.out / names[2], 24, 32)
    rendered = render(PROCEDURAL, 7, plan)
    assert torch.equal(found.camera_to_world, rendered.camera_to_world)
    torch.testing.assert_close(found.depth, rendered.depth, rtol=3e-3, atol=0, equal_nan=True)
