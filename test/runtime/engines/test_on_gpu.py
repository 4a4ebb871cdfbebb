"""On a GPU a step that is replayed as CUDA graphs is the step, and nothing makes the host wait."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import fields

import pytest
import torch
from network_runs import difference, trained_lite
from small_networks import SMALL_EVIDENT, SMALL_VIT, small_model

from mem4d_ros.evaluation.speed.stream import FullStream, Setting
from mem4d_ros.model import FrameOutput, Mem4D, Mem4DConfig
from mem4d_ros.runtime.engines import CUDA_GRAPH, use_engine
from mem4d_ros.runtime.preparation import prepare

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
CUDA = torch.device("cuda")
SIZE = (48, 64)
STEPS = 40
LITE_SIZE = (192, 256)


def graphed(model: Mem4D, precision: torch.dtype) -> tuple[Mem4D, list[str]]:
    lines: list[str] = []
    copied = copy.deepcopy(model)
    use_engine(CUDA_GRAPH, copied, precision, lines.append)
    return copied, lines


def outputs(
    model: Mem4D, precision: torch.dtype, size: tuple[int, int], steps: int
) -> Iterator[FrameOutput]:
    """Of a stream in which evidence comes after a third, and goes again in each fourth frame."""
    setting = Setting(model, CUDA, precision, *size, model.config.memory, model.takes_evidence)
    told, random = FullStream(setting), torch.Generator().manual_seed(0)
    state = model.initial_state()
    for step in range(steps):
        image = torch.rand(1, 3, *size, generator=random).to(CUDA)
        is_told = model.takes_evidence and step > steps // 3 and step % 4
        evidence = told.evidence().to(CUDA) if is_told else None
        reduced = precision != torch.float32
        with torch.inference_mode(), torch.autocast("cuda", precision, enabled=reduced):
            output, state = model.step(image, state, evidence)
        yield output


@pytest.mark.parametrize("config", [SMALL_VIT, SMALL_EVIDENT], ids=["paper's", "with evidence"])
def test_replayed_steps_are_the_steps(config: Mem4DConfig) -> None:
    model = prepare(small_model(config), CUDA, torch.float32)
    recorded, lines = graphed(model, torch.float32)
    both = zip(
        outputs(model, torch.float32, SIZE, STEPS),
        outputs(recorded, torch.float32, SIZE, STEPS),
        strict=True,
    )
    for should, said in both:
        for field in fields(FrameOutput):
            a, b = getattr(said, field.name), getattr(should, field.name)
            torch.testing.assert_close(a, b, rtol=1e-2, atol=1e-2, msg=field.name)
    assert lines
    assert not [line for line in lines if line.startswith("no CUDA graph")], lines


def test_in_bf16_they_differ_no_more_than_bf16_does() -> None:
    steps = 24
    exact = list(
        outputs(prepare(trained_lite(), CUDA, torch.float32), torch.float32, LITE_SIZE, steps)
    )
    model = prepare(trained_lite(), CUDA, torch.bfloat16)
    eager = list(outputs(model, torch.bfloat16, LITE_SIZE, steps))
    recorded, lines = graphed(model, torch.bfloat16)
    replayed = list(outputs(recorded, torch.bfloat16, LITE_SIZE, steps))
    assert not [line for line in lines if line.startswith("no CUDA graph")], lines
    of_bf16, of_graphs = (
        difference(FrameOutput.stack(some), FrameOutput.stack(exact)) for some in (eager, replayed)
    )
    assert of_graphs < 2 * of_bf16


def test_a_replay_does_not_make_the_host_wait() -> None:
    model, _ = graphed(prepare(small_model(SMALL_EVIDENT), CUDA, torch.bfloat16), torch.bfloat16)
    state, image = model.initial_state(), torch.rand(1, 3, *SIZE, device=CUDA)
    try:
        with torch.inference_mode(), torch.autocast("cuda", torch.bfloat16):
            for step in range(STEPS + 4):
                if step == STEPS:
                    torch.cuda.set_sync_debug_mode("error")
                _, state = model.step(image, state)
    finally:
        torch.cuda.set_sync_debug_mode("default")
