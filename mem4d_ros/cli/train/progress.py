"""Progress of a training run: one line that is overwritten on a terminal, some lines in a log."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, TextIO

from mem4d_ros.cli.terminal.status_line import StatusLine, duration

if TYPE_CHECKING:
    from mem4d_ros.training.config import TrainingConfig
    from mem4d_ros.training.trainer import StepReport

DECAY = 0.95
"""Decay of the displayed speed's moving average."""


class Progress:
    """Shows each step of a run of `config` that ends at the step `end`, if there is a stream."""

    def __init__(
        self,
        config: TrainingConfig,
        end: int,
        stream: TextIO | None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._config = config
        self._end = end
        self._shown = StatusLine(stream, clock)
        self._is_first = True
        self._frames = self._sequences = self._seconds = 0.0

    def observe(self, report: StepReport) -> None:
        """Show a step."""
        self._frames = DECAY * self._frames + report.frames
        self._sequences = DECAY * self._sequences + report.sequences
        self._seconds = DECAY * self._seconds + report.seconds
        self._shown.show(self._line(report), always=self._is_first or report.step == self._end)
        self._is_first = False

    def say(self, text: str) -> None:
        """Show a line that stays."""
        self._shown.say(text)

    def _line(self, report: StepReport) -> str:
        parts = " ".join(f"{name} {value:.4g}" for name, value in report.losses.items())
        of = "" if self._config.seconds else f"/{self._end}"
        return (
            f"step {report.step}{of}  {parts}  lr {report.learning_rate:.2g}  "
            f"{self._sequences / self._seconds:.2f} sequences/s  "
            f"ETA {duration(self._seconds_ahead(report))}"
        )

    def _seconds_ahead(self, report: StepReport) -> float:
        config = self._config
        if config.seconds is not None:
            return config.seconds * (1 - report.position / config.steps)
        batch = config.stage_at(report.step - 1).batch
        processes = report.sequences / report.steps / batch
        ahead = expected_frames(config, report.step, self._end) * processes
        return ahead * self._seconds / self._frames


def expected_frames(config: TrainingConfig, start: int, end: int) -> float:
    """Frames that one process is to see from step `start` to step `end`."""
    frames, first = 0.0, 0
    for stage in config.stages * config.cycles:
        last = first + stage.steps
        steps = max(0, min(end, last) - max(start, first))
        frames += steps * stage.batch * sum(stage.frames) / 2
        first = last
    return frames
