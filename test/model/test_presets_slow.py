"""The presets at their real sizes: they build and step on a CPU."""

from __future__ import annotations

import pytest
import torch

from mem4d_ros.model import PRESETS, Mem4D


@pytest.mark.slow
@pytest.mark.parametrize(("name", "size"), [("lite", (192, 256)), ("large", (384, 512))])
def test_a_preset_steps_on_a_cpu(name: str, size: tuple[int, int]) -> None:
    torch.manual_seed(0)
    model = Mem4D(PRESETS[name]).eval()
    state = model.initial_state()
    with torch.inference_mode():
        for _ in range(3):
            output, state = model.step(torch.rand(1, 3, *size), state)
    assert output.points_world.shape == (1, *size, 3)
    assert output.points_world.isfinite().all()
    assert state.occupancy().tdm_size == 2
