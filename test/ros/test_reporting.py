"""A thing is said once in a while."""

from __future__ import annotations

import pytest

from mem4d_ros.ros.reporting import INTERVAL_S, MAX_LENGTH, MAX_ONCE, Reporter


class Log:
    def __init__(self) -> None:
        self.lines: list[str] = []
        self.now = 0.0

    def info(self, message: str) -> None:
        self.lines.append(f"I {message}")

    def warning(self, message: str) -> None:
        self.lines.append(f"W {message}")

    def error(self, message: str) -> None:
        self.lines.append(f"E {message}")


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.fixture
def reporter(log: Log) -> Reporter:
    return Reporter(log, clock=lambda: log.now)


def test_the_same_thing_is_said_once_in_the_interval(log: Log, reporter: Reporter) -> None:
    for log.now in (0.0, 1.0, INTERVAL_S - 0.01, INTERVAL_S, INTERVAL_S + 1):
        reporter.error("size", f"at {log.now}")
    assert log.lines == ["E at 0.0", f"E at {INTERVAL_S}"]


def test_different_things_do_not_silence_each_other(log: Log, reporter: Reporter) -> None:
    reporter.error("size", "too large")
    reporter.warning("silence", "no image")
    assert log.lines == ["E too large", "W no image"]


def test_the_newest_error_is_known_even_if_it_was_not_said(log: Log, reporter: Reporter) -> None:
    assert reporter.last_error == ""
    reporter.error("size", "first")
    reporter.error("size", "second")
    reporter.warning("silence", "third")
    assert reporter.last_error == "second"


def test_details_go_to_the_log_only(log: Log, reporter: Reporter) -> None:
    reporter.error("fault", "a fault", details="line 1\nline 2")
    assert log.lines == ["E a fault\nline 1\nline 2"]
    assert reporter.last_error == "a fault"


def test_what_was_asked_for_and_failed_is_said_each_time(log: Log, reporter: Reporter) -> None:
    for _ in range(2):
        reporter.failure("cannot configure", details="because")
    assert log.lines == ["E cannot configure\nbecause"] * 2
    assert reporter.last_error == "cannot configure"


def test_notes_are_no_errors(log: Log, reporter: Reporter) -> None:
    for _ in range(2):
        reporter.note("calibration", "intrinsics are predicted")
    assert log.lines == ["I intrinsics are predicted"]
    assert reporter.last_error == ""


def test_what_does_not_change_is_said_once(log: Log, reporter: Reporter) -> None:
    for _ in range(3):
        reporter.once("images use 12 bits")
        log.now += 60
    reporter.once("images use 10 bits")
    assert log.lines == ["W images use 12 bits", "W images use 10 bits"]


def test_what_others_name_cannot_forge_or_fill_the_log(log: Log, reporter: Reporter) -> None:
    encoding = "x\n[INFO] all is well\x1b[2J" + "y" * 1_000_000
    for say in (reporter.note, reporter.warning, reporter.error):
        say(say.__name__, f"encoding '{encoding}' is unknown")
    assert all(line.isprintable() and len(line) <= MAX_LENGTH + 2 for line in log.lines)
    assert reporter.last_error.startswith("encoding 'x [INFO]")


def test_names_that_others_choose_do_not_fill_the_memory(log: Log, reporter: Reporter) -> None:
    for number in range(3 * MAX_ONCE):
        log.now = number * INTERVAL_S / 100
        reporter.note(f"topic {number}", "a new name")
    assert len(reporter._said_at) <= MAX_ONCE
    assert len(log.lines) == 3 * MAX_ONCE
