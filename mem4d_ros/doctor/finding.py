"""A finding: what was looked at, whether it is well, and what to do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from mem4d_ros.doctor.catalogue import CATALOGUE

Level = Literal["ok", "skipped", "warning", "error"]
"""From good to bad: skipped could not be checked; with an error, something does not work at all."""
LEVELS: tuple[Level, ...] = ("ok", "skipped", "warning", "error")
Fact = str | int | float | bool | None


@dataclass(frozen=True)
class Finding:
    """The result of one check.

    Attributes:
        name: of CATALOGUE; tools may rely on it.
        summary: in a line, what was found.
        remedy: in a line, what to do; empty where there is nothing to do.
        subject: which of several things it is about, such as a topic; empty where there is one.
        facts: figures behind it, units in their names.
    """

    name: str
    level: Level
    summary: str
    remedy: str = ""
    subject: str = ""
    facts: Mapping[str, Fact] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Raises ValueError for what no table knows, and for trouble without a remedy."""
        if self.name not in CATALOGUE or self.level not in LEVELS:
            raise ValueError(f"no finding is called {self.name!r} with the level {self.level!r}")
        if self.level in ("warning", "error") and not self.remedy:
            raise ValueError(f"the finding {self.name} says nothing of what to do")

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {**asdict(self), "facts": dict(self.facts)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Finding:
        """The finding of :meth:`to_dict`. Raises TypeError and ValueError for anything else."""
        return cls(**data)


def worst(findings: Iterable[Finding]) -> Level:
    """The worst level; ok where there are none."""
    return max((each.level for each in findings), key=LEVELS.index, default="ok")
