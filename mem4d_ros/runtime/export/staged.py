"""Files that take their places in a folder all together, or not at all."""

from __future__ import annotations

import shutil
from pathlib import Path

STAGED, COMPLETE = ".staged", "complete"


class Staged:
    """Gathers files beside those that they will replace.

    An interruption before all of them are there leaves the old ones; after one, whoever opens the
    folder next ends what was begun.
    """

    def __init__(self, folder: Path) -> None:
        """Ends or forgets what an interruption has left. Raises OSError."""
        self._folder = folder
        self._staged = folder / STAGED
        if (self._staged / COMPLETE).exists():
            self._move()
        shutil.rmtree(self._staged, ignore_errors=True)

    def path(self, name: str) -> Path:
        """Where to write the file that will have this name in the folder."""
        path = self._staged / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def take_place(self) -> None:
        """Replace the folder's files by those that were written. Raises OSError."""
        self.path(COMPLETE).touch()
        self._move()

    def _move(self) -> None:
        for path in sorted(self._staged.rglob("*")):
            if path.is_file() and path.name != COMPLETE:
                path.replace(self._folder / path.relative_to(self._staged))
        shutil.rmtree(self._staged)
