"""The speed of a step, and what a slow one says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from small_networks import SMALL_EVIDENT, small_model

from mem4d_ros.doctor.speed import Speed, check_speed, measure_speed
from mem4d_ros.model.checkpoint import save_checkpoint

FAST = Speed(0.05, "cpu", "float32", 256, 192, load=0.5, cores=4)


def test_a_network_that_keeps_up() -> None:
    finding = check_speed(FAST)
    assert finding.level == "ok"
    assert "50 ms a step of 256x192 on cpu in float32: 20.0 frames/s" in finding.summary


@pytest.mark.parametrize(("load", "words"), [(0.5, "use a GPU"), (9.0, "9 processes share 4")])
def test_a_slow_one_names_the_cause(load: float, words: str) -> None:
    finding = check_speed(replace(FAST, step_s=0.6, load=load))
    assert finding.level == "warning"
    assert words in finding.remedy


def test_a_step_is_timed(tmp_path: Path) -> None:
    path = tmp_path / "small.safetensors"
    save_checkpoint(path, small_model(SMALL_EVIDENT))
    speed = measure_speed(str(path), "lite", "cpu")
    assert 0 < speed.step_s < 5
    assert (speed.width, speed.height) == (64, 48)
