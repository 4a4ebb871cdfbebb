"""What depth, pose and reconstruction have in common: measured, put into figures, shown as rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol, TypeVar

import numpy as np

from mem4d_ros.evaluation.online import Step
from mem4d_ros.evaluation.protocols import DepthProtocol, PoseProtocol, ReconstructionProtocol

AnyProtocol = DepthProtocol | PoseProtocol | ReconstructionProtocol
Figures = dict[str, Any]
"""Plain data for JSON, of one sequence or of all together."""

Result = TypeVar("Result")
Evidence = TypeVar("Evidence")


class Measure(Protocol[Result, Evidence]):
    """One kind of error, and the evidence of where it lies."""

    @property
    def protocol(self) -> AnyProtocol: ...

    @property
    def columns(self) -> Sequence[str]:
        """Titles of a row's cells."""

    def measure(self, name: str, steps: Iterable[Step]) -> tuple[Result, Evidence]:
        """Raises NotMeasurable for a sequence that cannot be."""

    def figures(self, result: Result) -> Figures:
        """Of one sequence."""

    def overall(self, results: Sequence[Result]) -> Figures:
        """Of at least one."""

    def row(self, figures: Figures) -> Sequence[str]:
        """One cell for each column."""

    def picture(self, result: Result, evidence: Evidence) -> np.ndarray:
        """(H, W, 3) uint8 RGB."""
