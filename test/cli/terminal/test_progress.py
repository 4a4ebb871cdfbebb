"""What a run through frames shows."""

from __future__ import annotations

import io

from terminal import Terminal

from mem4d_ros.cli.terminal.progress import FrameProgress, counted
from mem4d_ros.cli.terminal.status_line import LOG_INTERVAL_S


class Clock:
    """A second passes at each look."""

    def __init__(self, step: float = 1.0) -> None:
        self.now, self.step = 0.0, step

    def __call__(self) -> float:
        self.now += self.step
        return self.now


def test_a_bar_with_the_time_that_is_left() -> None:
    terminal = Terminal()
    progress = FrameProgress("bag", 60, 20, terminal, Clock())
    for _ in range(10):
        progress.advance()
    progress.end()
    line = terminal.getvalue().split("\r")[-1]
    assert line.startswith("bag: [" + 15 * "#" + 15 * "." + "] 30/60 frames  1.00 frames/s")
    assert line.endswith("ETA 30 s\n")


def test_without_a_known_end_there_is_none() -> None:
    terminal = Terminal()
    FrameProgress("bag", None, 0, terminal, Clock()).advance()
    assert terminal.getvalue() == "\rbag: 1 frames  1.00 frames/s"


def test_a_log_gets_a_line_now_and_then() -> None:
    log = io.StringIO()
    progress = FrameProgress("bag", 100, 0, log, Clock(LOG_INTERVAL_S / 8))
    for _ in range(20):
        progress.advance()
    progress.end()
    lines = log.getvalue().splitlines()
    assert 2 <= len(lines) <= 6
    assert "20/100" in lines[-1]
    assert "\r" not in log.getvalue()


def test_a_run_without_frames_shows_nothing() -> None:
    log = io.StringIO()
    FrameProgress("bag", 5, 5, log).end()
    assert not log.getvalue()


def test_frames_speed_and_time_left_are_shown() -> None:
    terminal, times = Terminal(), iter([100.0, 102.0, 104.0])
    assert list(counted("ab", "alley_2", 8, terminal, lambda: next(times))) == ["a", "b"]
    first, second, cleared = terminal.getvalue().split("\r")[1:4]
    assert first == "alley_2: 1/8 frames, 0.5 frames/s, ETA 14 s"
    assert second == "alley_2: 2/8 frames, 0.5 frames/s, ETA 12 s"
    assert cleared.strip() == ""
    assert len(cleared) >= len(second)


def test_a_log_stays_clean() -> None:
    log = io.StringIO()
    assert list(counted("ab", "alley_2", 2, log)) == ["a", "b"]
    assert log.getvalue() == ""
