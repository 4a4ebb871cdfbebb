"""Two runs in one folder would mix their logs and overwrite each other's weights."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from mem4d_ros.training.run_lock import sole_run
from mem4d_ros.training.run_state import RunStateError


def test_a_second_run_is_refused(tmp_path: Path) -> None:
    with (
        sole_run(tmp_path),
        pytest.raises(RunStateError, match="another process trains here"),
        sole_run(tmp_path),
    ):
        pass


def test_after_its_end_another_may_begin(tmp_path: Path) -> None:
    for _ in range(2):
        with sole_run(tmp_path / "new"):
            pass


def test_a_killed_process_lets_go(tmp_path: Path) -> None:
    """Here it ends at once, without any of its cleaning up."""
    code = (
        "import os; from pathlib import Path; from mem4d_ros.training.run_lock import sole_run; "
        f"sole_run(Path({str(tmp_path)!r})).__enter__(); os._exit(0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    with sole_run(tmp_path):
        pass
