"""Files that `make generate` writes are what the code of today makes of them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from mem4d_ros.cli.completion import SHELLS
from mem4d_ros.doctor.weights import SUMS, sums

ROOT = Path(__file__).parents[2]
REMEDY = "run `make generate`"


@pytest.mark.parametrize("shell", SHELLS)
def test_shell_completion(shell: str) -> None:
    pytest.importorskip("shtab")
    command = [sys.executable, "scripts/completion.py", shell]
    made = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    written = ROOT / f"mem4d_ros/cli/completion/mem4d.{shell}"
    assert written.read_text(encoding="utf-8") == made, REMEDY


def test_sums_of_the_weights() -> None:
    folder = ROOT / "mem4d_ros/weights"
    assert (folder / SUMS).read_text(encoding="utf-8") == sums(folder), REMEDY
