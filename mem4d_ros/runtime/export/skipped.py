"""The frames of a source that could not be reconstructed, in a file: name and reason of each."""

from __future__ import annotations

import csv
from pathlib import Path

from mem4d_ros.writing import in_a_line, whole_file

SKIPPED = "skipped.csv"
COLUMNS = ("name", "reason")


class SkippedFrames:
    """A list in `folder`, which has a file only where something was skipped."""

    def __init__(self, folder: Path) -> None:
        """Takes what the folder has. Raises OSError."""
        self._path = folder / SKIPPED
        self._rows: list[tuple[str, str]] = []
        if self._path.exists():
            with self._path.open(encoding="utf-8", newline="") as file:
                rows = [row for row in csv.reader(file) if len(row) == len(COLUMNS)]
            self._rows = [(name, reason) for name, reason in rows[1:]]

    def __len__(self) -> int:
        return len(self._rows)

    def append(self, name: str, reason: str) -> None:
        """Take one more. Raises OSError."""
        self._rows.append((in_a_line(name), in_a_line(reason)))
        self._write()

    def truncate(self, count: int) -> None:
        """Keep the first `count`. Raises OSError."""
        if count < len(self._rows):
            del self._rows[count:]
            self._write()

    def _write(self) -> None:
        if not self._rows:
            self._path.unlink(missing_ok=True)
            return
        with (
            whole_file(self._path) as partial,
            partial.open("w", encoding="utf-8", newline="") as file,
        ):
            csv.writer(file, lineterminator="\n").writerows((COLUMNS, *self._rows))
