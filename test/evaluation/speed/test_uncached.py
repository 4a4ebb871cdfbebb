"""A step with caches equals one without: on every output, for less work."""

from __future__ import annotations

from dataclasses import fields

import pytest
import torch
from small_networks import SMALL_CONVOLUTIONAL, SMALL_VIT, small_model
from torch.utils.flop_counter import FlopCounterMode

from mem4d_ros.evaluation.speed.uncached import recomputed_state
from mem4d_ros.model import FrameOutput, Mem4DConfig, MemorySizes, MemoryState
from mem4d_ros.runtime.preparation import prepare

LENGTH = 20
"""Frames, more than the PSM of the small networks holds."""

Pointmaps = list[tuple[torch.Tensor, torch.Tensor]]


def difference(a: FrameOutput, b: FrameOutput) -> float:
    """Largest difference of any output, relative to that output's largest value."""
    names = [field.name for field in fields(FrameOutput)]
    return max(
        float((getattr(a, n) - getattr(b, n)).abs().max() / getattr(b, n).abs().max())
        for n in names
    )


@pytest.mark.parametrize("config", [SMALL_VIT, SMALL_CONVOLUTIONAL], ids=["vit", "lite"])
@pytest.mark.parametrize("memory", [MemorySizes(5, 2, 12), MemorySizes(2, 1, 3)])
def test_a_step_with_caches_equals_one_without(config: Mem4DConfig, memory: MemorySizes) -> None:
    model = small_model(config)
    torch.manual_seed(1)
    images = torch.rand(LENGTH, 1, 3, 48, 64).unbind()
    state, pointmaps = model.initial_state(memory), Pointmaps()
    with torch.inference_mode():
        for t, image in enumerate(images):
            output, following = model.step(image, state)
            if t in (1, 4, 7, LENGTH - 1):
                anew = recomputed_state(model, images[:t], pointmaps, memory)
                assert anew.occupancy() == state.occupancy()
                assert difference(model.step(image, anew)[0], output) <= 1e-4, t
            pointmaps.append((output.points_world, output.confidence_world))
            state = following


def test_caches_save_most_of_the_work() -> None:
    """Operations of a step alone, by those of a step that first computes its state anew."""
    model, memory = small_model(SMALL_VIT), SMALL_VIT.memory
    images = torch.rand(LENGTH, 1, 3, 48, 64).unbind()
    pointmaps = [(torch.randn(1, 48, 64, 3), torch.ones(1, 48, 64))] * (LENGTH - 1)
    with torch.inference_mode():
        with FlopCounterMode(display=False) as uncached:
            state = recomputed_state(model, images[:-1], pointmaps, memory)
            model.step(images[-1], state)
        with FlopCounterMode(display=False) as cached:
            model.step(images[-1], state)
    assert 3 * cached.get_total_flops() < uncached.get_total_flops()


@pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16])
@pytest.mark.long
def test_work_per_step_does_not_depend_on_the_length_of_the_stream(
    precision: torch.dtype,
) -> None:
    """In the network as it is used: prepared, in either precision."""
    model = prepare(small_model(SMALL_VIT), torch.device("cpu"), precision)
    reduced = precision != torch.float32

    def works(state: MemoryState, steps: int) -> tuple[list[int], MemoryState]:
        counted = []
        for _ in range(steps):
            with FlopCounterMode(display=False) as counter:
                _, state = model.step(torch.rand(1, 3, 32, 32), state)
            counted.append(counter.get_total_flops())
        return counted, state

    with torch.inference_mode(), torch.autocast("cpu", precision, enabled=reduced):
        state = model.initial_state()
        for _ in range(20):
            _, state = model.step(torch.rand(1, 3, 32, 32), state)
        early, state = works(state, 2)  # tiers that merge pairs take turns
        for _ in range(100):
            _, state = model.step(torch.rand(1, 3, 32, 32), state)
        late, _ = works(state, 2)
    assert early == late
