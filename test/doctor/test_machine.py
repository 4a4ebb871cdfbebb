"""Python, memory and clock, with faults that are made up."""

from __future__ import annotations

import pytest

from mem4d_ros.doctor.machine import check_clock, check_memory, check_python, clock_step

NOW = 1_790_000_000.0


def test_this_python_will_do() -> None:
    assert check_python().level == "ok"


@pytest.mark.parametrize("version", [(3, 9), (3, 14), (2, 7)])
def test_a_python_that_will_not_do(version: tuple[int, int]) -> None:
    finding = check_python(version)
    assert finding.level == "error"
    assert "3.10 to 3.13" in finding.remedy


@pytest.mark.parametrize(
    ("available", "total", "level"),
    [(8e9, 16e9, "ok"), (0.4e9, 16e9, "warning"), (0, 0, "skipped")],
)
def test_memory(available: float, total: float, level: str) -> None:
    assert check_memory(int(available), int(total)).level == level


def test_a_clock_that_was_never_set_is_an_error() -> None:
    """As of a board without a battery, which starts in 1970."""
    finding = check_clock(86_400.0, 0.0)
    assert finding.level == "error"
    assert "1970-01-02" in finding.summary


def test_a_clock_that_jumps_is_a_warning() -> None:
    assert check_clock(NOW, 0.001).level == "ok"
    finding = check_clock(NOW, -1.5)
    assert finding.level == "warning"
    assert "-1.50 s" in finding.summary


def test_an_undisturbed_clock_does_not_jump() -> None:
    assert abs(clock_step()) < 0.05
