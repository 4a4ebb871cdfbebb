"""The benchmark measures what it says: full memories, real steps, told sizes."""

import time

import pytest
import torch
from small_networks import SMALL_VIT, small_model

from mem4d_ros.evaluation.benchmark import benchmark_step, filled_state
from mem4d_ros.model import Mem4D, MemorySizes


def test_the_filled_state_equals_a_state_filled_by_steps_in_all_but_content() -> None:
    model, memory = small_model(SMALL_VIT), MemorySizes(3, 2, 9)
    image = torch.rand(1, 3, 32, 48)
    with torch.inference_mode():
        filled = filled_state(model, image, memory)
        stepped = model.initial_state(memory)
        for _ in range(filled.frame_index):
            _, stepped = model.step(image, stepped)
    assert filled.structure.frames == stepped.structure.frames
    assert filled.structure.tokens == stepped.structure.tokens
    assert filled.structure.features.keys() == stepped.structure.features.keys()
    assert filled.occupancy() == stepped.occupancy()


def test_times_are_those_of_the_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    model = small_model(SMALL_VIT)
    true_step = Mem4D.step

    def slow_step(*args: object) -> object:
        time.sleep(0.02)
        return true_step(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(Mem4D, "step", slow_step)
    times = benchmark_step(model, 32, 48, device=torch.device("cpu"), steps=4, warm_up=1)
    assert 0.02 <= times.median_s <= times.p95_s
    assert (times.height, times.width, times.steps) == (32, 48, 4)
    assert times.parameters == sum(weight.numel() for weight in model.parameters())
    assert times.peak_host_bytes > 50 * 2**20


def test_no_steps_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        benchmark_step(small_model(SMALL_VIT), 32, 48, device=torch.device("cpu"), steps=0)
