"""How a training run gets on: one line written over on a terminal, now and then one in a log."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from mem4d_ros.training.config import TrainingConfig
    from mem4d_ros.training.trainer import StepReport

LOG_INTERVAL_S = 30.0
MEMORY = 0.95
"""How much the speed shown depends on the steps before the newest."""


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
        self._stream = stream
        self._on_terminal = stream is not None and stream.isatty()
        self._clock = clock
        self._written = -LOG_INTERVAL_S
        self._width = 0
        self._frames = self._sequences = self._seconds = 0.0

    def observe(self, report: StepReport) -> None:
        """Show a step."""
        self._frames = MEMORY * self._frames + report.frames
        self._sequences = MEMORY * self._sequences + report.sequences
        self._seconds = MEMORY * self._seconds + report.seconds
        line = self._line(report)
        if self._on_terminal:
            self._write("\r" + line.ljust(self._width))
            self._width = len(line)
        elif self._clock() - self._written >= LOG_INTERVAL_S or report.step == self._end:
            self._write(line + "\n")
            self._written = self._clock()

    def say(self, text: str) -> None:
        """Show a line that stays."""
        self._write(("\n" if self._width else "") + text + "\n")
        self._width = 0

    def _write(self, text: str) -> None:
        if self._stream is not None:
            self._stream.write(text)
            self._stream.flush()

    def _line(self, report: StepReport) -> str:
        parts = " ".join(f"{name} {value:.4g}" for name, value in report.losses.items())
        ahead = expected_frames(self._config, report.step, self._end) * self._processes(report)
        return (
            f"step {report.step}/{self._end}  {parts}  lr {report.learning_rate:.2g}  "
            f"{self._sequences / self._seconds:.2f} sequences/s  "
            f"ETA {duration(ahead * self._seconds / self._frames)}"
        )

    def _processes(self, report: StepReport) -> float:
        return report.sequences / self._config.stage_at(report.step - 1).batch


def expected_frames(config: TrainingConfig, start: int, end: int) -> float:
    """Frames that one process is to see from step `start` to step `end`."""
    frames, first = 0.0, 0
    for stage in config.stages:
        last = first + stage.steps
        steps = max(0, min(end, last) - max(start, first))
        frames += steps * stage.batch * sum(stage.frames) / 2
        first = last
    return frames


def duration(seconds: float) -> str:
    """Such as '2 h 05 min', '5 min 09 s' or '9 s'."""
    minutes, s = divmod(round(seconds), 60)
    hours, m = divmod(minutes, 60)
    if hours:
        return f"{hours} h {m:02d} min"
    return f"{m} min {s:02d} s" if m else f"{s} s"
