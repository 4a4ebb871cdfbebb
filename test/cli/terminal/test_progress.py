"""What a run through frames shows."""

from __future__ import annotations

import io

from terminal import Terminal

from mem4d_ros.cli.terminal.progress import FrameProgress
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


def test_items_are_counted_as_they_come_and_the_line_is_gone_at_the_end() -> None:
    terminal = Terminal()
    assert list(FrameProgress("alley_2", 8, 0, terminal, Clock()).over("ab")) == ["a", "b"]
    first, second, cleared = terminal.getvalue().split("\r")[1:4]
    assert first.endswith("1/8 frames  1.00 frames/s  ETA 7 s")
    assert second.endswith("2/8 frames  1.00 frames/s  ETA 6 s")
    assert cleared.strip() == ""
    assert len(cleared) >= len(second)


def test_what_has_not_begun_yet_has_a_name_and_no_end() -> None:
    terminal = Terminal()
    FrameProgress("alley_1 (1 of 2)", 4, 0, terminal, Clock()).begin()
    assert terminal.getvalue() == "\ralley_1 (1 of 2): [" + 30 * "." + "] 0/4 frames"


def test_a_log_of_counted_items_stays_clean() -> None:
    log = io.StringIO()
    assert list(FrameProgress("alley_2", 2, 0, log).over("ab")) == ["a", "b"]
    assert log.getvalue() == ""
