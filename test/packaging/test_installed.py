"""What is there after the build: the programs, the interfaces and the shared files."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from ament_index_python.packages import get_package_prefix, get_package_share_directory

import mem4d_ros

ROOT = Path(__file__).parents[2]


def run(*command: Path | str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, timeout=60
    )


@pytest.mark.parametrize("program", ["mem4d", "mem4d_node"])
def test_programs_are_on_the_path_and_where_ros2_run_looks(program: str) -> None:
    prefix = Path(get_package_prefix("mem4d_ros"))
    assert shutil.which(program, path=prefix / "bin")
    assert os.access(prefix / "lib/mem4d_ros" / program, os.X_OK)


def test_the_command_starts_from_anywhere(tmp_path: Path) -> None:
    command = Path(get_package_prefix("mem4d_ros"), "bin/mem4d")
    done = run(command, "--help", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "usage: mem4d" in done.stdout


@pytest.mark.parametrize("in_repository", [True, False])
def test_interfaces_and_modules_are_one_package(tmp_path: Path, in_repository: bool) -> None:
    code = "from mem4d_ros.msg import Mem4DStatus; import mem4d_ros.geometry; print(Mem4DStatus())"
    done = run(sys.executable, "-c", code, folder=ROOT if in_repository else tmp_path)
    assert done.returncode == 0, done.stderr
    assert "frames_processed=0" in done.stdout


@pytest.mark.parametrize("folder", ["launch", "config"])
def test_shared_files_are_installed(folder: str) -> None:
    share = Path(get_package_share_directory("mem4d_ros"), folder)
    ours = {path.name for path in (ROOT / folder).iterdir() if not path.name.startswith(".")}
    assert ours <= {path.name for path in share.iterdir()}


def test_exactly_the_modules_of_the_source_tree_are_installed() -> None:
    source, installed = ROOT / "mem4d_ros", Path(mem4d_ros.__file__).parent
    generated = {"msg", "srv", "action"}
    assert {path.relative_to(source) for path in source.rglob("*.py")} == {
        path.relative_to(installed)
        for path in installed.rglob("*.py")
        if path.relative_to(installed).parts[0] not in generated
    }
