"""Constraints of a parameter's value, declared at its field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Constraint:
    """Constraints of a value besides its type, and when it may change."""

    description: str
    minimum: float | None = None
    maximum: float | None = None
    step: int = 0  # of integers; 0: any
    choices: tuple[str, ...] = ()
    replaced: Mapping[str, str] = field(default_factory=dict)  # choices that are no more, by what
    changeable: bool = False  # while the node is configured
    read_only: bool = False  # not even before


def parameter(default: Any, description: str, **constraint: Any) -> Any:
    """A field of a group, declared as a ROS parameter."""
    return field(default=default, metadata={"constraint": Constraint(description, **constraint)})
