"""Frames are counted on a terminal, and nowhere else."""

import io

from terminal import Terminal

from mem4d_ros.cli.evaluate_progress import counted


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
