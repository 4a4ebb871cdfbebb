"""Progress of a run: by its steps, or by the clock."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol


class Pace(Protocol):
    """Position of a run, as a number of the steps that its config plans."""

    @property
    def elapsed(self) -> float:
        """Seconds that the run has taken so far, where it ends by the clock; else 0."""

    def go_on(self, elapsed: float) -> None:
        """Take up a run that took so many seconds before it was stopped."""

    def position(self, step: int) -> float:
        """Between 0 and the planned steps, after `step` steps."""

    def is_due(self, what: str, interval: int, step: int) -> bool:
        """Whether an interval has ended since this was last asked of `what`."""


class StepPace:
    """By steps: two runs of one config are equal."""

    elapsed = 0.0

    def go_on(self, elapsed: float) -> None:
        del elapsed

    def position(self, step: int) -> float:
        return step

    def is_due(self, what: str, interval: int, step: int) -> bool:
        del what
        return step % interval == 0


class ClockPace:
    """By the clock, which starts now: `seconds` for all the `steps`.

    The seconds of a run that was stopped and goes on are those of all its parts.
    """

    def __init__(
        self, seconds: float, steps: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._seconds = seconds
        self._steps = steps
        self._clock = clock
        self._start = clock()
        self._before = 0.0
        self._intervals: dict[str, int] = {}

    @property
    def elapsed(self) -> float:
        return self._before + self._clock() - self._start

    def go_on(self, elapsed: float) -> None:
        self._before = elapsed

    def position(self, step: int) -> float:
        del step
        return min(1.0, self.elapsed / self._seconds) * self._steps

    def is_due(self, what: str, interval: int, step: int) -> bool:
        del step
        passed = int(self.elapsed // interval)
        is_new = passed > self._intervals.get(what, int(self._before // interval))
        self._intervals[what] = passed
        return is_new
