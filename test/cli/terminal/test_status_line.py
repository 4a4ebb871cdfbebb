"""One line on a terminal, a few in a log, none without a stream."""

from __future__ import annotations

import io

import pytest
from terminal import Terminal

from mem4d_ros.cli.terminal.status_line import LOG_INTERVAL_S, StatusLine, duration


def test_a_terminal_shows_the_newest_text_alone() -> None:
    stream = Terminal()
    line = StatusLine(stream)
    line.show("a long text")
    line.show("short")
    assert stream.getvalue() == "\ra long text\rshort      "
    line.erase()
    assert stream.getvalue().endswith("\r     \r")


def test_what_is_said_stays_on_a_line_of_its_own() -> None:
    stream = Terminal()
    line = StatusLine(stream)
    line.show("half way")
    line.say("held out: well")
    line.say("saved")
    assert stream.getvalue() == "\rhalf way\nheld out: well\nsaved\n"


def test_a_log_has_a_text_once_in_a_while() -> None:
    now = [0.0]
    stream = io.StringIO()
    line = StatusLine(stream, lambda: now[0])
    for now[0] in (1.0, LOG_INTERVAL_S, LOG_INTERVAL_S + 1):
        line.show(f"{now[0]:.0f} s")
    line.show("end", always=True)
    line.keep()
    assert stream.getvalue() == f"{LOG_INTERVAL_S:.0f} s\nend\n"


def test_without_a_stream_nothing_happens() -> None:
    line = StatusLine(None)
    line.show("anything", always=True)
    line.say("anything")
    line.erase()
    assert not line.on_terminal


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.4, "0 s"), (59.4, "59 s"), (61, "1 min 01 s"), (3599, "59 min 59 s"), (7500, "2 h 05 min")],
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text
