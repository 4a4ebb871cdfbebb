"""What is kept of an evaluation: every figure, and all that decides on it."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from mem4d_ros.cli.evaluate.measure import AnyProtocol, Figures
from mem4d_ros.evaluation import provenance
from mem4d_ros.runtime.loading import LoadedNetwork

NAME_WIDTH = 28
MIN_WIDTH = 7


@dataclass
class Outcome:
    """What came of the sequences so far, each a measure's result and its figures.

    `failed` holds names and reasons.
    """

    results: list[Any] = field(default_factory=list)
    sequences: list[Figures] = field(default_factory=list)
    failed: list[dict[str, str]] = field(default_factory=list)


def conditions(
    options: argparse.Namespace,
    protocol: AnyProtocol,
    network: LoadedNetwork,
) -> Figures:
    """All that it takes to repeat the measurement, as plain data."""
    settings = {
        name: str(value) if isinstance(value, Path) else value
        for name, value in vars(options).items()
        if name != "run"
    }
    return {
        "settings": settings,
        "protocol": asdict(protocol),
        "weights": provenance.weights(network.checkpoint),
        "model": network.model.config.to_dict(),
        "code": provenance.code(),
        "libraries": provenance.libraries(),
        "machine": provenance.machine(network.device, network.precision),
    }


def write_report(path: Path, given: Figures, outcome: Outcome, overall: Figures | None) -> None:
    """Write conditions and figures as JSON; `overall` is None where nothing was measured."""
    report = {
        **given,
        "sequences": outcome.sequences,
        "failed": outcome.failed,
        "overall": overall,
    }
    path.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


def table_header(columns: Sequence[str]) -> str:
    """The titles, each over its column."""
    return _table_line("sequence", columns, columns)


def table_row(name: str, cells: Sequence[str], columns: Sequence[str]) -> str:
    """One row: cells stand right under their titles."""
    return _table_line(name, cells, columns)


def _table_line(name: str, cells: Sequence[str], columns: Sequence[str]) -> str:
    right = (
        cell.rjust(max(len(title), MIN_WIDTH)) for cell, title in zip(cells, columns, strict=True)
    )
    return "  ".join([name.ljust(NAME_WIDTH), *right]).rstrip()
