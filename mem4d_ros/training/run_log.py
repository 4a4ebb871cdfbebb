"""The log of a run: one JSON object a line."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mem4d_ros.training.run_state import RunStateError
from mem4d_ros.writing import write_text


def append(path: Path, entry: Mapping[str, Any]) -> None:
    """Add an entry; numbers are rounded to six digits."""
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(_rounded(entry)) + "\n")


def read(path: Path) -> list[dict[str, Any]]:
    """The entries; a last line that a kill cut off is left out.

    Raises:
        RunStateError: a line is no entry.
    """
    if not path.exists():
        return []
    lines = path.read_bytes().splitlines(keepends=True)
    whole = [line for line in lines if line.endswith(b"\n")]
    return [_entry(path, number, line) for number, line in enumerate(whole, 1)]


def _entry(path: Path, number: int, line: bytes) -> dict[str, Any]:
    try:
        entry: dict[str, Any] = json.loads(line)
        int(entry["step"])
    except (ValueError, TypeError, KeyError) as error:
        raise RunStateError(
            f"{path}: line {number} is no entry of a log: remove the line, or the file, to go on"
        ) from error
    return entry


def rewind(path: Path, step: int) -> None:
    """Forget what was logged after `step`: a run that resumes there will log it again."""
    if path.exists():
        kept = [entry for entry in read(path) if entry["step"] <= step]
        write_text(path, "".join(json.dumps(entry) + "\n" for entry in kept))


def _rounded(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _rounded(item) for key, item in value.items()}
    return float(f"{value:.6g}") if isinstance(value, float) else value
