"""A command starts at once: torch is loaded where a network runs, and nowhere else."""

from __future__ import annotations

import resource
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from small_networks import SMALL_VIT, small_model

from mem4d_ros.model.checkpoint import save_checkpoint

MOST_S = 0.3
"""Of processor time, which other processes hardly disturb."""
HEAVY = ("torch", "cv2", "numpy", "safetensors")
LIGHT = ("--version", "--help", "reconstruct --help", "eval depth --help", "train --help")


def run(*arguments: str, without: tuple[str, ...] = HEAVY) -> subprocess.CompletedProcess[str]:
    """The command in a process that has none of some packages."""
    code = (
        f"import sys; sys.modules.update(dict.fromkeys({without}));"
        f"from mem4d_ros.cli.main import main; sys.exit(main({list(arguments)}))"
    )
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("line", LIGHT)
def test_help_and_version_need_no_library(line: str) -> None:
    done = run(*shlex.split(line))
    assert done.returncode == 0, done.stderr
    assert "mem4d" in done.stdout


def test_a_mistake_is_told_without_any_library() -> None:
    done = run("reconstruct", "walk.mp4")
    assert done.returncode == 2
    assert "--out" in done.stderr


def test_a_checkpoint_is_described_without_torch(tmp_path: Path) -> None:
    path = tmp_path / "small.safetensors"
    model = small_model(SMALL_VIT)
    save_checkpoint(path, model)
    done = run("info", str(path), without=("torch", "cv2"))
    assert done.returncode == 0, done.stderr
    parameters = sum(weight.numel() for weight in model.state_dict().values())
    assert f"{parameters / 1e6:.2f} M parameters" in done.stdout


def test_the_version_takes_little_time() -> None:
    """The best of some starts: the first ones read from the disk."""
    command = [sys.executable, "-m", "mem4d_ros.cli.main", "--version"]
    best_s = min(processor_time(command) for _ in range(5))
    assert best_s < MOST_S


def processor_time(command: list[str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
