"""A part of the network in use: by torch, or by the engine where that is right and quicker."""

from __future__ import annotations

import inspect
import time
from collections import Counter
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mem4d_ros.model.parts import Part
from mem4d_ros.model.stages import stage
from mem4d_ros.runtime.engines.cache import ConvertedPart, Timing
from mem4d_ros.runtime.engines.choices import Choice, Choices
from mem4d_ros.runtime.engines.export import export_part
from mem4d_ros.runtime.engines.nesting import Nested
from mem4d_ros.runtime.engines.session import Session
from mem4d_ros.runtime.errors import first_line

STEADY = 3
"""Calls of one layout until it is worth a conversion; while the memories fill, each differs."""
MOST_LAYOUTS = 4
"""Of one part; a stream has few: with and without a pose, say."""
TOLERANCE = 1e-3
"""Largest difference to torch, by the larger of 1 and the largest value of an output."""
TIMED_CALLS = 15
"""Of each, in turn. The fastest counts: what else a machine does, when it starts above all, makes
calls slower and none faster."""


class Differs(ValueError):  # noqa: N818
    """What the engine says is not what torch says."""


@dataclass(frozen=True)
class Rules:
    """How parts are chosen.

    Attributes:
        folder: of converted parts.
        threads: of the engine.
        only_if_faster: measure each part once, and leave those that gain nothing to torch.
        machine: what timings hold for.
    """

    folder: Path
    threads: int
    only_if_faster: bool
    machine: str


class PartRunner:
    """Takes the place of a part's method. Not thread-safe."""

    def __init__(self, part: Part, rules: Rules, choices: Choices) -> None:
        self._part, self._rules, self._choices = part, rules, choices
        self._torch = part.function()
        self._signature = inspect.signature(self._torch)
        self._sessions: dict[str, tuple[Session, Nested] | None] = {}
        self._calls: Counter[str] = Counter()

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """What the method says."""
        arguments = self._signature.bind(*args, **kwargs).arguments
        call = Nested.of(arguments, self._part.growing)
        chosen = self._sessions.get(call.layout)
        if chosen is not None:
            session, result = chosen
            name = self._part.stage
            with nullcontext() if name is None else stage(name):
                return result.with_tensors(iter(session.run(call.tensors)))
        result = self._torch(*args, **kwargs)
        if call.layout not in self._sessions and len(self._sessions) < MOST_LAYOUTS:
            self._calls[call.layout] += 1
            self._choices.await_choice(self._part.name)
            if self._calls[call.layout] == STEADY:
                self._choose(call, Nested.of(result))
        return result

    def _choose(self, call: Nested, result: Nested) -> None:
        """Once for each layout, from a call and what torch said."""
        session, choice = self._candidate(call, result)
        taken = session is not None and choice.why_not is None
        self._sessions[call.layout] = (session, result) if session and taken else None
        self._choices.add(choice)

    def _candidate(self, call: Nested, result: Nested) -> tuple[Session | None, Choice]:
        name, rules = self._part.name, self._rules
        converted = ConvertedPart.of(self._part, call.layout, rules.folder)
        try:
            session = self._found(converted, call, result) or self._made(converted, call, result)
        except Exception as error:  # whatever the converter or the engine trips over
            return None, Choice(name, f"{type(error).__name__}: {first_line(error)}")
        if not rules.only_if_faster:
            return session, Choice(name, None)
        timing = converted.timing(rules.machine) or self._time(session, call, converted)
        slower = None if timing.ratio > 1 else f"it takes {1 / timing.ratio:.2f} times as long"
        return session, Choice(name, slower, timing)

    def _found(self, converted: ConvertedPart, call: Nested, result: Nested) -> Session | None:
        """The part's file, if it is there and right; what older code has left may be neither."""
        if not converted.path.exists():
            return None
        try:
            return self._checked(converted, call, result)
        except Exception:  # it is made anew, and what is wrong then is told
            return None

    def _made(self, converted: ConvertedPart, call: Nested, result: Nested) -> Session:
        self._rules.folder.mkdir(parents=True, exist_ok=True)
        export_part(self._part, self._torch, call, converted.path)
        return self._checked(converted, call, result)

    def _checked(self, converted: ConvertedPart, call: Nested, result: Nested) -> Session:
        """Raises Differs, and what ONNX Runtime raises."""
        session = Session(converted.path, result.tensors, self._rules.threads)
        difference = _difference(session, call, result)
        if not difference <= TOLERANCE:
            raise Differs(f"from torch's results by {difference:.1e}")
        return session

    def _time(self, session: Session, call: Nested, converted: ConvertedPart) -> Timing:
        """Measure, and keep that beside the file."""
        seconds = fastest(lambda: self._torch(**call.value), lambda: session.run(call.tensors))
        timing = Timing(*seconds, self._rules.machine)
        converted.note(timing)
        return timing


def fastest(
    first: Callable[[], object],
    second: Callable[[], object],
    clock: Callable[[], float] = time.perf_counter,
) -> tuple[float, float]:
    """Seconds of the fastest call of each of two functions, which take turns."""
    seconds: tuple[list[float], list[float]] = [], []
    for _ in range(TIMED_CALLS):
        for function, measured in zip((first, second), seconds, strict=True):
            started = clock()
            function()
            measured.append(clock() - started)
    return min(seconds[0]), min(seconds[1])


def _difference(session: Session, call: Nested, result: Nested) -> float:
    """The largest of any output, by the larger of 1 and the largest value that it should have."""
    worst = 0.0
    for got, want in zip(session.run(call.tensors), result.tensors, strict=True):
        if want.numel():
            scale = want.abs().max().clamp_min(1) if want.is_floating_point() else 1
            worst = max(worst, float(((got.double() - want.double()).abs() / scale).max()))
    return worst
