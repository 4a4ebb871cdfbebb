"""A folder is one run's at a time."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mem4d_ros.training.run_state import RunStateError

LOCK_FILE = "run.lock"


@contextmanager
def sole_run(folder: Path) -> Iterator[None]:
    """Keep a folder, which is made, from other runs; also a killed process lets go of it.

    Raises:
        RunStateError: another process trains there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK_FILE).open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise RunStateError(
                f"{folder}: another process trains here: wait for its end, or take another folder"
            ) from error
        yield
