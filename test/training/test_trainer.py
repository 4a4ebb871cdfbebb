"""A run learns, resumes exactly, and loses nothing when it fails."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from small_training import WITH_EVIDENCE, small_config
from torch import Tensor

from mem4d_ros.model.checkpoint import load_checkpoint
from mem4d_ros.model.checkpoint_header import read_header
from mem4d_ros.training import run_log
from mem4d_ros.training.config import TrainingConfig
from mem4d_ros.training.data.batches import ClipSource
from mem4d_ros.training.data.clips import Clips
from mem4d_ros.training.data.sources import open_source
from mem4d_ros.training.pace import ClockPace
from mem4d_ros.training.run_state import RunStateError
from mem4d_ros.training.trainer import (
    CHECKPOINT_FILE,
    CYCLE_FILE,
    LOG_FILE,
    STATE_FILE,
    StateNotWritten,
    StepReport,
    Trainer,
    TrainingDiverged,
)

CPU = torch.device("cpu")


def trainer_of(config: TrainingConfig, out: Path, **parts: Any) -> Trainer:
    return Trainer(config, out, open_source(config, CPU), CPU, torch.float32, **parts)


def logged(out: Path) -> list[dict[str, Any]]:
    """The log without the times, which no two runs share."""
    entries = run_log.read(out / LOG_FILE)
    return [{k: v for k, v in entry.items() if k != "seconds"} for entry in entries]


def state(out: Path) -> dict[str, Tensor]:
    return load_file(out / STATE_FILE)


def assert_same_state(a: dict[str, Tensor], b: dict[str, Tensor]) -> None:
    assert a.keys() == b.keys()
    for name, value in a.items():
        assert torch.equal(b[name], value), name


@pytest.mark.long
def test_the_loss_falls(cache: Path, tmp_path: Path) -> None:
    stage = {"steps": 40, "frames": [2, 2], "batch": 2}
    data = {"pool": 1, "frames": 4, "height": 32, "width": 48, "cache": str(cache)}
    config = small_config(cache, stages=[stage], data=data, learning_rate=3e-3, warm_up=5)
    trainer_of(config, tmp_path).run()
    totals = [entry["total"] for entry in logged(tmp_path)]
    assert len(totals) == 40
    assert sum(totals[-10:]) < 0.7 * sum(totals[:10])


@pytest.mark.long
def test_three_steps_and_three_more_are_six(cache: Path, tmp_path: Path) -> None:
    """Across a change of stage, to the last bit."""
    config = small_config(cache)
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    trainer_of(config, whole).run()
    trainer_of(config, parts).run(until=3)
    resumed = trainer_of(config, parts)
    assert resumed.step == 3
    resumed.run()
    assert logged(parts) == logged(whole)
    assert [entry["step"] for entry in logged(whole)] == [1, 2, 3, 4, 5, 6]
    assert_same_state(state(parts), state(whole))


@pytest.mark.long
def test_what_was_logged_after_the_last_save_is_done_and_logged_again(
    cache: Path, tmp_path: Path
) -> None:
    """As after a kill: the state stands at step 2, the log at step 3."""
    config = small_config(cache)
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    trainer_of(config, whole).run(until=4)
    trainer_of(config, killed).run(until=2)
    run_log.append(killed / LOG_FILE, {"step": 3, "total": 77})
    trainer_of(config, killed).run(until=4)
    assert logged(killed) == logged(whole)


@pytest.mark.long
def test_a_finished_run_stays_as_it_is(cache: Path, tmp_path: Path) -> None:
    config = small_config(cache)
    trainer_of(config, tmp_path).run()
    before = (tmp_path / STATE_FILE).stat().st_mtime_ns, logged(tmp_path)
    trainer_of(config, tmp_path).run()
    assert ((tmp_path / STATE_FILE).stat().st_mtime_ns, logged(tmp_path)) == before


def test_the_checkpoint_is_the_model_in_half_precision(cache: Path, tmp_path: Path) -> None:
    trainer = trainer_of(small_config(cache, memory={"tca_window": 1}), tmp_path)
    trainer.run(until=2)
    loaded = load_checkpoint(tmp_path / CHECKPOINT_FILE)
    assert loaded.config == trainer.model.config
    assert read_header(tmp_path / CHECKPOINT_FILE).notes["training_steps"] == "2"
    for name, weight in trainer.model.state_dict().items():
        torch.testing.assert_close(loaded.state_dict()[name], weight, rtol=1e-3, atol=1e-6)


def test_it_stops_when_asked_and_saves(cache: Path, tmp_path: Path) -> None:
    seen: list[StepReport] = []
    trainer = trainer_of(small_config(cache, checkpoint_every=100), tmp_path, observe=seen.append)
    trainer.run(should_stop=lambda: len(seen) == 3)
    assert [report.step for report in seen] == [1, 2, 3]
    assert trainer_of(small_config(cache), tmp_path).step == 3


def test_a_step_is_reported(cache: Path, tmp_path: Path) -> None:
    seen: list[StepReport] = []
    trainer_of(small_config(cache), tmp_path, observe=seen.append).run()
    assert [report.sequences for report in seen] == [2] * 4 + [8] * 2
    assert all(report.frames in (4, 6) for report in seen[:4])
    assert [report.frames for report in seen[4:]] == [32] * 2
    parts = {"world", "camera", "pose", "relative_pose"}
    for report, entry in zip(seen, logged(tmp_path), strict=True):
        assert report.losses.keys() == parts | {"edges", "sky", "total"}
        assert report.losses["total"] == pytest.approx(sum(report.losses[k] for k in parts))
        assert entry["total"] == pytest.approx(report.losses["total"], rel=1e-5)
        assert entry["learning_rate"] == pytest.approx(report.learning_rate, rel=1e-5)


def test_it_is_evaluated_at_intervals_and_at_the_end(cache: Path, tmp_path: Path) -> None:
    config = small_config(cache, evaluate_every=4)
    trainer_of(config, tmp_path, evaluate=lambda model: {"abs_rel": 0.5}).run()
    found = [entry for entry in logged(tmp_path) if "held_out" in entry]
    assert found == [{"step": step, "held_out": {"abs_rel": 0.5}} for step in (4, 6)]


class Poisoned:
    """A source whose clips have no field of view."""

    corrupt = 0

    def __init__(self, source: ClipSource) -> None:
        self._source = source

    def draw(self, count: int, frames: int, rng: np.random.Generator) -> Clips:
        clips = self._source.draw(count, frames, rng)
        clips.intrinsics.fill_(torch.nan)
        return clips


def test_a_loss_that_is_no_number_stops_the_run(cache: Path, tmp_path: Path) -> None:
    trainer = trainer_of(small_config(cache), tmp_path)
    trainer.run(until=2)
    before = state(tmp_path)
    trainer.source = Poisoned(trainer.source)
    with pytest.raises(TrainingDiverged, match=r"step 2: loss nan.*is sound: lower learning_rate"):
        trainer.run()
    assert_same_state(state(tmp_path), before)
    assert [entry["step"] for entry in logged(tmp_path)] == [1, 2]
    trainer_of(small_config(cache), tmp_path).run()
    assert logged(tmp_path)[-1]["step"] == 6


@pytest.mark.parametrize(
    "writer",
    ["mem4d_ros.training.run_state.write_tensors", "mem4d_ros.model.checkpoint.write_tensors"],
)
def test_a_full_disk_leaves_the_previous_files(
    writer: str, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = small_config(cache)
    trainer = trainer_of(config, tmp_path)
    trainer.run(until=2)
    checkpoint = (tmp_path / CHECKPOINT_FILE).read_bytes()

    def full(*arguments: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(writer, full)
        with pytest.raises(
            StateNotWritten, match=r"step 4 could not be saved.*No space left.*free"
        ):
            trainer.run()
    assert (tmp_path / CHECKPOINT_FILE).read_bytes() == checkpoint
    resumed = trainer_of(config, tmp_path)
    assert resumed.step in (2, 4)
    resumed.run()
    whole = tmp_path / "whole"
    trainer_of(config, whole).run()
    assert logged(tmp_path) == logged(whole)


def trained_weights(config: TrainingConfig, out: Path) -> set[str]:
    """Names of the weights that the optimiser has ever moved."""
    trainer_of(config, out).run()
    return {name.removeprefix("updates.") for name in state(out) if name.startswith("updates.")}


@pytest.mark.parametrize(
    ("memory", "idle"),
    [
        ({"tdm_size": 0}, ("dynamics_memory.",)),
        ({"tca_window": 0}, ("temporal_context.compressors.",)),
        ({"psm_size": 1}, ("structure_memory.compressors.1", "structure_memory.compressors.2")),
    ],
    ids=["no TDM", "no TCA", "no PSM"],
)
@pytest.mark.long
def test_a_part_can_be_left_out(
    memory: dict[str, int], idle: tuple[str, ...], cache: Path, tmp_path: Path
) -> None:
    """With one value of the config; the other parts learn as before."""
    everything = trained_weights(small_config(cache), tmp_path / "all")
    without = trained_weights(small_config(cache, memory=memory), tmp_path / "without")
    assert everything - without == {name for name in everything if name.startswith(idle)}


def test_the_relative_loss_can_be_left_out(cache: Path, tmp_path: Path) -> None:
    out = tmp_path / "without"
    trainer_of(small_config(cache, losses={"relative_pose": 0}), out).run(until=1)
    (entry,) = logged(out)
    assert entry["relative_pose"] > 0
    assert entry["total"] == pytest.approx(entry["world"] + entry["camera"] + entry["pose"], 1e-4)


def test_recomputed_activations_make_the_same_run(cache: Path, tmp_path: Path) -> None:
    plain, recomputing = tmp_path / "plain", tmp_path / "recomputing"
    trainer_of(small_config(cache), plain).run()
    trainer_of(small_config(cache, activation_checkpointing=True), recomputing).run()
    for entry, expected in zip(logged(recomputing), logged(plain), strict=True):
        assert entry == pytest.approx(expected, rel=1e-3)
    assert state(recomputing).keys() == state(plain).keys()


def test_layers_can_run_in_bf16_while_weights_stay_in_fp32(cache: Path, tmp_path: Path) -> None:
    config = small_config(cache)
    trainer = Trainer(config, tmp_path, open_source(config, CPU), CPU, torch.bfloat16)
    trainer.run(until=2)
    assert {value.dtype for value in state(tmp_path).values()} == {torch.float32}
    assert all(entry["total"] < 5 for entry in logged(tmp_path))


def test_reports_may_be_rarer_than_steps(cache: Path, tmp_path: Path) -> None:
    """A report is the mean of the steps since the last one."""
    every, third = tmp_path / "every", tmp_path / "third"
    trainer_of(small_config(cache), every).run()
    trainer_of(small_config(cache, report_every=3), third).run()
    assert [entry["step"] for entry in logged(third)] == [3, 6]
    assert_same_state(state(third), state(every))
    means = [sum(e["total"] for e in logged(every)[i : i + 3]) / 3 for i in (0, 3)]
    assert [entry["total"] for entry in logged(third)] == pytest.approx(means, rel=1e-4)


def test_a_single_gradient_that_is_no_number_changes_no_weight(cache: Path, tmp_path: Path) -> None:
    """Where reports are rare there is nobody to ask; the report then stops the run."""
    config = small_config(cache, report_every=2, weight_decay=0.0)
    trainer = trainer_of(config, tmp_path)
    before = {name: weight.clone() for name, weight in trainer.model.named_parameters()}
    trainer.source = Poisoned(trainer.source)
    trainer.advance()
    for name, weight in trainer.model.named_parameters():
        assert torch.equal(weight, before[name]), name
    with pytest.raises(TrainingDiverged, match="loss nan"):
        trainer.run()


def test_the_average_is_what_is_kept(cache: Path, tmp_path: Path) -> None:
    measured: list[Tensor] = []
    trainer = trainer_of(
        small_config(cache, average=0.5, evaluate_every=6),
        tmp_path,
        evaluate=lambda model: measured.append(model.decoder.camera_token.clone()) or {},
    )
    name = "decoder.camera_token"
    expected = trainer.model.state_dict()[name].clone()
    for step in range(1, 7):
        trainer.run(until=step)
        decay = min(0.5, (1 + step) / (10 + step))
        expected = decay * expected + (1 - decay) * trainer.model.state_dict()[name]
    torch.testing.assert_close(measured[-1], expected)
    loaded = load_checkpoint(tmp_path / CHECKPOINT_FILE).state_dict()[name]
    torch.testing.assert_close(loaded, expected, rtol=1e-3, atol=1e-6)


def test_a_run_with_an_average_resumes_exactly(cache: Path, tmp_path: Path) -> None:
    config = small_config(cache, average=0.9, optimizer="muon", **WITH_EVIDENCE)
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    trainer_of(config, whole).run()
    trainer_of(config, parts).run(until=3)
    trainer_of(config, parts).run()
    assert_same_state(state(parts), state(whole))


def test_a_run_by_the_clock_ends_with_its_time(cache: Path, tmp_path: Path) -> None:
    """Stages share the time; the rate falls to zero at its end, however many steps that takes."""
    config = small_config(cache, seconds=10.0, checkpoint_every=100)
    now = 0.0
    seen: list[StepReport] = []

    def observe(report: StepReport) -> None:
        nonlocal now
        now += 0.5
        seen.append(report)

    pace = ClockPace(10.0, config.steps, clock=lambda: now)
    trainer = trainer_of(config, tmp_path, observe=observe, pace=pace)
    trainer.run()
    assert len(seen) == 21
    batches = [report.sequences for report in seen]
    assert batches == [2] * 14 + [8] * 7  # 4 and 2 of 6 parts of the time
    assert seen[-1].learning_rate == 0


def test_a_run_by_the_clock_goes_on_with_what_is_left_of_its_time(
    cache: Path, tmp_path: Path
) -> None:
    config = small_config(cache, seconds=10.0, checkpoint_every=100)
    now = 0.0
    steps: list[int] = []

    def observe(report: StepReport) -> None:
        nonlocal now
        now += 1.0
        steps.append(report.step)

    def start() -> Trainer:
        pace = ClockPace(10.0, config.steps, clock=lambda: now)
        return trainer_of(config, tmp_path, observe=observe, pace=pace)

    start().run(should_stop=lambda: len(steps) == 4)
    now += 3600  # nothing runs
    start().run()
    assert steps == list(range(1, 12))
    finished = state(tmp_path)
    start().run()
    assert steps == list(range(1, 12))
    assert_same_state(state(tmp_path), finished)


def test_a_run_by_the_clock_can_end_at_a_step(cache: Path, tmp_path: Path) -> None:
    config = small_config(cache, seconds=3600.0)
    for until in (3, 8):  # more than the stages' shares add up to
        trainer = trainer_of(config, tmp_path)
        trainer.run(until=until)
        assert trainer.step == until


def test_a_run_does_not_go_on_as_another(cache: Path, tmp_path: Path) -> None:
    trainer_of(small_config(cache, average=0.9), tmp_path).run(until=2)
    before = state(tmp_path)
    with pytest.raises(RunStateError, match="other values of average"):
        trainer_of(small_config(cache), tmp_path)
    assert_same_state(state(tmp_path), before)
    assert trainer_of(small_config(cache, average=0.9), tmp_path).step == 2


def test_what_each_cycle_ends_with_is_kept(cache: Path, tmp_path: Path) -> None:
    """Whether or not the run was stopped at its end."""
    config = small_config(cache, stages=[{"steps": 2, "frames": [1, 1], "batch": 1}], cycles=3)
    trainer_of(config, tmp_path).run(until=2)
    trainer_of(config, tmp_path).run(until=3)
    trainer_of(config, tmp_path).run()
    steps = [
        read_header(tmp_path / CYCLE_FILE.format(n)).notes["training_steps"] for n in (1, 2, 3)
    ]
    assert steps == ["2", "4", "6"]
    rates = [entry["learning_rate"] for entry in logged(tmp_path)]
    assert rates[2] == rates[4] == config.learning_rate  # it begins anew


def test_one_cycle_is_the_checkpoint_alone(cache: Path, tmp_path: Path) -> None:
    stages = [{"steps": 1, "frames": [1, 1], "batch": 1}]
    trainer_of(small_config(cache, stages=stages), tmp_path).run()
    assert not list(tmp_path.glob("cycle_*"))
