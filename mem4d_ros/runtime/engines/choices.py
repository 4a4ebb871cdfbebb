"""What was chosen for which part of the network, told in one line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from mem4d_ros.runtime.engines.cache import Timing


@dataclass(frozen=True)
class Choice:
    """What computes a part from now on, for arguments of one layout.

    Attributes:
        why_not: what speaks against the engine, None if it is taken.
        timing: what was measured, if anything was.
    """

    part: str
    why_not: str | None
    timing: Timing | None = None

    def __str__(self) -> str:
        remark = self.why_not
        if remark is None and self.timing is not None:
            remark = f"{self.timing.ratio:.2f} times as fast"
        return self.part if remark is None else f"{self.part} ({remark})"


class Choices:
    """Collects choices and reports them when no part that runs waits for its own any more."""

    def __init__(self, report: Callable[[str], object]) -> None:
        self._report = report
        self._waiting: set[str] = set()
        self._made: list[Choice] = []

    def await_choice(self, part: str) -> None:
        """A part runs for which nothing has been chosen yet."""
        self._waiting.add(part)

    def add(self, choice: Choice) -> None:
        """Take note of a choice."""
        self._waiting.discard(choice.part)
        self._made.append(choice)
        if not self._waiting:
            self._report(_sentence(self._made))
            self._made = []


def _sentence(choices: list[Choice]) -> str:
    taken = ", ".join(str(choice) for choice in choices if choice.why_not is None)
    left = ", ".join(str(choice) for choice in choices if choice.why_not is not None)
    by_engine = f"ONNX Runtime computes {taken}" if taken else ""
    by_torch = f"torch computes {left}" if left else ""
    return "; ".join(text for text in (by_engine, by_torch) if text)
