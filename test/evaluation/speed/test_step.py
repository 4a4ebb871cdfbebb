"""The benchmark measures what it says: full memories, real steps, told sizes."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from small_networks import SMALL_EVIDENT, SMALL_VIT, small_model

from mem4d_ros.evaluation.speed.step import benchmark_step, compare_steps
from mem4d_ros.evaluation.speed.stream import POINTS, FullStream, Setting, filled_state
from mem4d_ros.model import Mem4D, MemorySizes
from mem4d_ros.model.evidence import Evidence
from mem4d_ros.model.stages import STAGES

CPU = torch.device("cpu")
DELAY_S = 0.02


@pytest.fixture
def setting() -> Setting:
    return Setting(small_model(SMALL_VIT), CPU, torch.float32, 32, 48, SMALL_VIT.memory)


def before(
    setting: Setting, monkeypatch: pytest.MonkeyPatch, part: str, act: Callable[[], None]
) -> None:
    """Act each time before a part of the network runs."""
    module = setting.model.get_submodule(part)
    forward = type(module).forward

    def acting(self: torch.nn.Module, *arguments: object) -> object:
        if self is module:
            act()
        return forward(self, *arguments)

    monkeypatch.setattr(type(module), "forward", acting)


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


def test_times_are_those_of_the_steps(setting: Setting, monkeypatch: pytest.MonkeyPatch) -> None:
    before(setting, monkeypatch, "temporal_context", lambda: time.sleep(DELAY_S))
    times = benchmark_step(setting, frames=4, warm_up=1)
    assert times.median_s >= DELAY_S
    assert times.p95_s >= times.median_s
    assert (times.height, times.width, times.frames) == (32, 48, 4)
    assert times.parameters == sum(weight.numel() for weight in setting.model.parameters())
    assert times.peak_host_bytes > 50 * 2**20


def test_processor_time_does_not_count_waiting(
    setting: Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    before(setting, monkeypatch, "temporal_context", lambda: time.sleep(DELAY_S))
    waiting = benchmark_step(setting, frames=2, warm_up=1, clock="cpu").stages_s["TCA"]
    assert waiting < DELAY_S


@pytest.mark.parametrize(
    ("part", "stage"), [("dynamics_memory.blocks", "TDM"), ("decoder.spatial_blocks.1", "PSM read")]
)
def test_the_time_of_a_part_is_that_of_its_stage_alone(
    setting: Setting, monkeypatch: pytest.MonkeyPatch, part: str, stage: str
) -> None:
    """By a clock that moves only while that part runs."""
    seconds = 0.0

    def tick() -> None:
        nonlocal seconds
        seconds += 1

    before(setting, monkeypatch, part, tick)
    measured = FullStream(setting).stages(lambda: seconds, 3)
    assert {*STAGES, "copy in", "copy out"} == measured.keys()
    assert measured.pop(stage) == 1
    assert set(measured.values()) == {0}


def test_stages_are_names_in_the_traces_of_the_profiler(setting: Setting) -> None:
    stream = FullStream(setting)
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as profile:
        stream.step()
    assert {event.key for event in profile.key_averages()} >= set(STAGES)


def test_work_is_counted_without_the_clock(setting: Setting) -> None:
    """The share of the matrix rate is work by time by rate; work alone depends on sizes."""
    times = benchmark_step(setting, frames=1, warm_up=0)
    assert times.flops == FullStream(setting).flops()
    assert times.ratio_to_matrix_rate == pytest.approx(
        times.flops / (times.median_s * times.matrix_rate)
    )


def test_two_settings_take_turns(setting: Setting, monkeypatch: pytest.MonkeyPatch) -> None:
    turns: list[int] = []
    step = Mem4D.step

    def noted(self: Mem4D, image: torch.Tensor, state: object, evidence: object = None) -> object:
        turns.append(image.shape[-1])
        return step(self, image, state)  # type: ignore[arg-type]

    monkeypatch.setattr(Mem4D, "step", noted)
    wider = Setting(setting.model, CPU, torch.float32, 32, 64, setting.memory)
    comparison = compare_steps(setting, wider, pairs=3, warm_up=1)
    assert turns[-8:] == [48, 64] * 4
    assert comparison.ratios == tuple(b / a for a, b in comparison.seconds)
    assert len(comparison.ratios) == 3


def test_evidence_is_told_at_each_step(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Evidence | None] = []
    step = Mem4D.step

    def noted(self: Mem4D, image: torch.Tensor, state: object, evidence: object = None) -> object:
        told.append(evidence)  # type: ignore[arg-type]
        return step(self, image, state, evidence)  # type: ignore[arg-type]

    monkeypatch.setattr(Mem4D, "step", noted)
    model, memory = small_model(SMALL_EVIDENT), SMALL_EVIDENT.memory
    images_alone = Setting(model, CPU, torch.float32, 32, 48, memory)
    assert benchmark_step(images_alone, frames=1, warm_up=0).evidence_points is None
    assert told == [None] * len(told)
    stream = FullStream(replace(images_alone, evidence=True))
    told.clear()
    stream.step()
    (evidence,) = told
    assert evidence is not None
    assert evidence.depth is not None
    assert (evidence.depth > 0).sum() == POINTS
    assert evidence.intrinsics is not None
    assert evidence.camera_to_world is not None
    measured = stream.stages(lambda: 0.0, 1)
    assert {*STAGES, "copy in", "copy out"} == measured.keys()


def test_no_frames_are_refused(setting: Setting) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        benchmark_step(setting, frames=0)
    with pytest.raises(ValueError, match="at least 1"):
        compare_steps(setting, setting, pairs=0)
