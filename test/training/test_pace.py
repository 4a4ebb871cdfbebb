"""Where a run stands, by steps and by the clock."""

from __future__ import annotations

from mem4d_ros.training.pace import ClockPace, StepPace


def test_by_steps() -> None:
    pace = StepPace()
    assert pace.position(7) == 7
    assert [step for step in range(1, 10) if pace.is_due("save", 3, step)] == [3, 6, 9]


def test_by_the_clock() -> None:
    now = 100.0
    pace = ClockPace(20.0, 400, clock=lambda: now)
    assert pace.position(3) == 0
    now = 105.0
    assert pace.position(3) == 100
    assert not pace.is_due("save", 6, 3)
    now = 107.0
    assert pace.is_due("save", 6, 4)
    assert not pace.is_due("save", 6, 5)
    assert pace.is_due("measure", 6, 5)  # an interval of its own
    now = 119.0
    assert pace.is_due("save", 6, 6)  # two have ended: once
    assert not pace.is_due("save", 6, 7)
    now = 500.0
    assert pace.position(8) == 400


def test_by_the_clock_a_run_goes_on_where_it_was_stopped() -> None:
    now = 100.0
    pace = ClockPace(20.0, 400, clock=lambda: now)
    pace.go_on(15.0)
    now = 101.0
    assert pace.elapsed == 16
    assert pace.position(3) == 320
    assert not pace.is_due("save", 6, 3)  # the intervals before the stop are not due again
    now = 103.0
    assert pace.is_due("save", 6, 4)


def test_by_steps_there_is_no_time() -> None:
    pace = StepPace()
    pace.go_on(15.0)
    assert pace.elapsed == 0
    assert pace.position(7) == 7
