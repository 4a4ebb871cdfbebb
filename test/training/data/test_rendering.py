"""Processes that render leave whole sequences of all kinds, those for measuring first."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from mem4d_ros.synthetic.seeds import HELD_OUT_SEED
from mem4d_ros.training.data.rendering import PROCEDURAL, RenderingPlan, render, render_into
from mem4d_ros.training.data.sequences import read_sequence


@pytest.fixture
def plan(tmp_path: Path) -> RenderingPlan:
    (tmp_path / "held_out").mkdir()
    return RenderingPlan(tmp_path, Path(), 2, 24, 32, 1.0, waiting=2, held_out=1, seed=5)


def test_a_procedural_sequence(plan: RenderingPlan) -> None:
    sequence = render(PROCEDURAL, 5, plan)
    assert sequence.images.shape == (2, 3, 24, 32)
    assert sequence.images.dtype == torch.uint8
    assert torch.equal(sequence.camera_to_world[0], torch.eye(4))


def test_it_ends_with_its_parent_and_leaves_what_is_for_measuring(plan: RenderingPlan) -> None:
    render_into(plan, worker=0, workers=1, parent=-1)
    assert not list(plan.out.glob("*.safetensors"))
    file = plan.out / "held_out" / f"procedural-{HELD_OUT_SEED}.safetensors"
    found = read_sequence(file, 2, 24, 32)
    assert torch.equal(found.images, render(PROCEDURAL, HELD_OUT_SEED, plan).images)
