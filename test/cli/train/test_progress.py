"""What a training run shows."""

from __future__ import annotations

import io
import re

import pytest
from terminal import Terminal

from mem4d_ros.cli.terminal.status_line import duration
from mem4d_ros.cli.train.progress import Progress, expected_frames
from mem4d_ros.training.config import StageConfig, TrainingConfig
from mem4d_ros.training.data_config import DataConfig
from mem4d_ros.training.trainer import StepReport

CONFIG = TrainingConfig(
    data=DataConfig(frames=8),
    stages=(StageConfig(10, frames=(4, 4), batch=2), StageConfig(10, frames=(4, 8), batch=1)),
)


def report(step: int, seconds: float = 0.5) -> StepReport:
    losses = {"world": 0.5, "camera": 0.25, "pose": 0.125, "relative_pose": 0.0625, "total": 0.9375}
    return StepReport(
        step, step, losses, 1.0, 3e-4, steps=1, sequences=2, frames=8, seconds=seconds
    )


def test_a_line_says_it_all() -> None:
    stream = io.StringIO()
    Progress(CONFIG, 20, stream).observe(report(5))
    line = stream.getvalue()
    for part in ("step 5/20", "world 0.5", "camera 0.25", "pose 0.125", "relative_pose 0.0625"):
        assert part in line
    assert "total 0.9375" in line
    assert "lr 0.0003" in line
    assert "4.00 sequences/s" in line
    # 5 steps of 8 frames and 10 of 6 on average, at 16 frames/s
    assert line.endswith(f"ETA {duration((5 * 8 + 10 * 6) / 16)}\n")


def test_several_processes_share_what_lies_ahead() -> None:
    stream = io.StringIO()
    of_two = StepReport(5, 5, {}, 1.0, 3e-4, steps=1, sequences=4, frames=16, seconds=0.5)
    Progress(CONFIG, 20, stream).observe(of_two)
    assert stream.getvalue().endswith(f"ETA {duration(2 * (5 * 8 + 10 * 6) / 32)}\n")


def test_on_a_terminal_one_line_is_written_over() -> None:
    stream = Terminal()
    progress = Progress(CONFIG, 20, stream)
    for step in (1, 2, 3):
        progress.observe(report(step))
    assert stream.getvalue().count("\r") == 3
    assert "\n" not in stream.getvalue()
    progress.say("held out: well")
    assert stream.getvalue().endswith("\nheld out: well\n")


def test_a_shorter_line_leaves_nothing_of_a_longer_one() -> None:
    stream = Terminal()
    progress = Progress(CONFIG, 20, stream)
    progress.observe(report(9, seconds=1e6))
    progress.observe(report(10, seconds=0.5))
    first, second = stream.getvalue().split("\r")[1:]
    assert len(second) >= len(first)


def test_in_a_log_there_is_a_line_now_and_then_and_one_at_the_end() -> None:
    stream = io.StringIO()
    times = iter(range(0, 1000, 10))
    now = 0.0

    def clock() -> float:
        return now

    progress = Progress(CONFIG, 20, stream, clock)
    for step in range(1, 21):
        now = next(times)
        progress.observe(report(step))
    shown = [int(step) for step in re.findall(r"^step (\d+)/20", stream.getvalue(), re.MULTILINE)]
    assert shown == [1, 4, 7, 10, 13, 16, 19, 20]


def test_without_a_stream_nothing_is_shown() -> None:
    progress = Progress(CONFIG, 20, None)
    progress.observe(report(1))
    progress.say("silence")


def test_speed_is_that_of_the_newest_steps() -> None:
    stream = io.StringIO()
    progress = Progress(CONFIG, 20, stream, clock=iter(range(0, 100000, 100)).__next__)
    progress.observe(report(1, seconds=50.0))
    for _ in range(200):
        progress.observe(report(10, seconds=0.5))
    speed = float(re.findall(r"([\d.]+) sequences/s", stream.getvalue())[-1])
    assert speed == pytest.approx(4, rel=0.02)


def test_frames_ahead_are_those_of_the_stages_between() -> None:
    assert expected_frames(CONFIG, 0, 20) == 10 * 8 + 10 * 6
    assert expected_frames(CONFIG, 8, 13) == 2 * 8 + 3 * 6
    assert expected_frames(CONFIG, 20, 20) == 0
