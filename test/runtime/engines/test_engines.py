"""Another engine says what torch says; where it cannot, torch goes on and the reason is told."""

from __future__ import annotations

import copy
import json
import shutil
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from small_networks import SMALL_EVIDENT, SMALL_VIT, small_model

from mem4d_ros.evaluation.speed.agreement import largest_difference
from mem4d_ros.evaluation.speed.stream import FullStream, Setting
from mem4d_ros.model import Mem4D, Mem4DConfig
from mem4d_ros.runtime import engines
from mem4d_ros.runtime.engines import (
    AUTO,
    FASTEST,
    ONNX_RUNTIME,
    TORCH,
    EngineUnavailable,
    runner,
    use_engine,
)
from mem4d_ros.runtime.engines.cache import ConvertedPart, Timing, user_folder
from mem4d_ros.runtime.engines.choices import Choice, Choices

pytest.importorskip("onnxruntime", reason="ONNX Runtime is not installed")
pytest.importorskip("onnxscript", reason="torch needs onnxscript to write ONNX")

STEPS, EXACT = 50, 1e-3


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Parts converted by one test serve the others."""
    return tmp_path_factory.mktemp("engines")


@pytest.fixture
def setting() -> Setting:
    """A small network with all parts, on small images."""
    return _setting(small_model(SMALL_EVIDENT))


def _setting(model: Mem4D) -> Setting:
    memory, evidence = model.config.memory, model.takes_evidence
    return Setting(model, torch.device("cpu"), torch.float32, 48, 64, memory, evidence)


def _with_engine(setting: Setting, name: str, folder: Path, lines: list[str]) -> Setting:
    """The same network, computed by another engine."""
    model = copy.deepcopy(setting.model)
    use_engine(name, model, torch.float32, lines.append, folder)
    return replace(setting, model=model, by_torch=False)


def _settle(setting: Setting) -> None:
    """Take as many steps as it takes to choose."""
    stream = FullStream(setting)
    for _ in range(runner.STEADY):
        stream.step()


@pytest.mark.slow
@pytest.mark.parametrize("config", [SMALL_VIT, SMALL_EVIDENT], ids=["paper's", "with evidence"])
def test_fifty_steps_equal_those_of_torch(config: Mem4DConfig, folder: Path) -> None:
    lines: list[str] = []
    by_torch = _setting(small_model(config))
    by_engine = _with_engine(by_torch, ONNX_RUNTIME, folder, lines)
    assert largest_difference(by_torch, by_engine, STEPS) < EXACT
    told = " ".join(lines)
    assert all(part.name in told for part in by_torch.model.parts() if part.name != "global head")
    assert "torch computes" not in told


@pytest.mark.slow
def test_what_was_converted_is_found_again(
    setting: Setting, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines: list[str] = []
    _settle(_with_engine(setting, ONNX_RUNTIME, folder, lines))
    monkeypatch.setattr(runner, "export_part", _must_not_be_called)
    again: list[str] = []
    _settle(_with_engine(setting, ONNX_RUNTIME, folder, again))
    assert again == lines


@pytest.mark.slow
def test_a_file_that_says_something_else_is_made_anew(
    setting: Setting, folder: Path, tmp_path: Path
) -> None:
    """As one of an older version of the code does."""
    _settle(_with_engine(setting, ONNX_RUNTIME, folder, []))
    for file in folder.glob("*.onnx"):
        other = next(f for f in sorted(folder.glob("*.onnx")) if f.name[:3] != file.name[:3])
        shutil.copy(other, tmp_path / file.name)
    lines: list[str] = []
    by_engine = _with_engine(setting, ONNX_RUNTIME, tmp_path, lines)
    _settle(by_engine)
    assert largest_difference(setting, by_engine, 6) < EXACT
    assert lines
    assert not any("torch computes" in line for line in lines)


@pytest.mark.slow
def test_fastest_takes_only_what_is_faster(setting: Setting, folder: Path) -> None:
    _settle(_with_engine(setting, FASTEST, folder, []))
    notes = [json.loads(file.read_text()) for file in folder.glob("*.json")]
    assert notes
    lines: list[str] = []
    for file in folder.glob("*.json"):
        note = json.loads(file.read_text())
        note["timing"] |= {"torch_s": 1.0, "engine_s": 4.0 if "TCA" in file.name else 0.5}
        file.write_text(json.dumps(note))
    _settle(_with_engine(setting, FASTEST, folder, lines))
    told = " ".join(lines)
    assert "encoder (2.00 times as fast)" in told
    assert "torch computes TCA (it takes 4.00 times as long)" in told


@pytest.mark.parametrize("name", [TORCH, AUTO])
def test_torch_is_left_alone_on_a_cpu(setting: Setting, name: str) -> None:
    before = [part.function() for part in setting.model.parts()]
    assert not use_engine(name, setting.model, torch.float32, print)
    assert [part.function() for part in setting.model.parts()] == before


def test_without_the_engine(setting: Setting, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines.importlib.util, "find_spec", lambda name: None)
    assert not use_engine(FASTEST, setting.model, torch.float32, print)
    with pytest.raises(EngineUnavailable, match="pip install"):
        use_engine(ONNX_RUNTIME, setting.model, torch.float32, print)


def test_other_number_formats_are_torchs(setting: Setting) -> None:
    assert not use_engine(FASTEST, setting.model, torch.bfloat16, print)
    with pytest.raises(EngineUnavailable, match="fp32"):
        use_engine(ONNX_RUNTIME, setting.model, torch.bfloat16, print)


def test_where_nothing_can_be_converted_torch_goes_on(
    setting: Setting, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ImportError("No module named 'onnxscript'")

    monkeypatch.setattr(runner, "export_part", fail)
    lines: list[str] = []
    by_engine = _with_engine(setting, ONNX_RUNTIME, tmp_path, lines)
    assert largest_difference(setting, by_engine, 12) == 0
    assert lines
    assert all("onnxscript" in line and "ONNX Runtime computes" not in line for line in lines)


def test_timings_hold_for_their_machine(setting: Setting, tmp_path: Path) -> None:
    part = setting.model.parts()[0]
    converted = ConvertedPart.of(part, "a layout", tmp_path)
    assert converted.timing("here") is None
    timing = Timing(torch_s=0.2, engine_s=0.1, machine="here")
    converted.note(timing)
    assert converted.timing("here") == timing
    assert converted.timing("elsewhere") is None


def test_a_file_belongs_to_its_weights_and_layout(setting: Setting, tmp_path: Path) -> None:
    part = setting.model.parts()[0]
    before = ConvertedPart.of(part, "a layout", tmp_path)
    assert ConvertedPart.of(part, "a layout", tmp_path) == before
    assert ConvertedPart.of(part, "another", tmp_path) != before
    with torch.no_grad():
        next(part.module.parameters()).add_(1e-3)
    assert ConvertedPart.of(part, "a layout", tmp_path) != before


class Clock:
    """Time that passes as functions take it."""

    def __init__(self) -> None:
        self.now = 0.0

    def function(self, seconds: Iterable[float]) -> Callable[[], None]:
        """A function whose calls take so long, one after the other."""
        each = iter(seconds)

        def take() -> None:
            self.now += next(each)

        return take


@pytest.mark.parametrize("busy", [{0}, set(range(14)), set(range(1, 15)), set(range(0, 15, 2))])
def test_a_busy_machine_does_not_choose(busy: set[int]) -> None:
    """The engine is the faster one; in its busy calls the machine does something else, too."""
    clock = Clock()
    by_torch = clock.function([0.012] * runner.TIMED_CALLS)
    by_engine = clock.function(
        0.010 + (0.5 if call in busy else 0.0) for call in range(runner.TIMED_CALLS)
    )
    seconds = runner.fastest(by_torch, by_engine, lambda: clock.now)
    assert seconds == pytest.approx((0.012, 0.010))
    assert Timing(*seconds, "here").ratio == pytest.approx(1.2)


def test_choices_are_told_once_all_are_made() -> None:
    lines: list[str] = []
    choices = Choices(lines.append)
    choices.await_choice("encoder")
    choices.await_choice("TCA")
    choices.add(Choice("encoder", None, Timing(0.3, 0.1, "here")))
    assert lines == []
    choices.add(Choice("TCA", "its results differ"))
    assert lines == [
        "ONNX Runtime computes encoder (3.00 times as fast);"
        " torch computes TCA (its results differ)"
    ]


def test_the_users_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert user_folder() == tmp_path / "mem4d_ros" / "engines"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert user_folder() == tmp_path / ".cache" / "mem4d_ros" / "engines"


def _must_not_be_called(*_: object) -> None:
    raise AssertionError("it was converted already")
