"""What `make setup` does and when, shown with stand-ins for Python and for the build."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# Notes its arguments and, as `-m venv`, makes an environment whose Python is itself. It fails where
# the file `fail` stands in the working directory, as when a download is interrupted.
PYTHON = """#!/bin/sh
case "$*" in
    "-m venv --clear .venv")
        rm -rf .venv && mkdir -p .venv/bin && cp "$0" .venv/bin/python && echo venv >> calls ;;
    "-m pip install "*)
        echo pip >> calls; [ ! -e fail ] ;;
esac
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of what `make setup` reads, with a build that only notes that it ran."""
    for name in ("Makefile", "CMakeLists.txt", "package.xml"):
        shutil.copy(ROOT / name, tmp_path)
    for name in ("config", "embedded", "launch", "msg", "requirements", "scripts"):
        shutil.copytree(ROOT / name, tmp_path / name)
    (tmp_path / "mem4d_ros").mkdir()
    (tmp_path / "mem4d_ros/module.py").touch()
    (tmp_path / "embedded/build_overlay.sh").write_text("echo build >> calls\n")
    python = tmp_path / "python"
    python.write_text(PYTHON)
    python.chmod(0o755)
    return tmp_path


def make(
    project: Path, *arguments: str, **environment: str
) -> tuple[subprocess.CompletedProcess[str], list[str]]:
    """Run make without the environment of a ROS; return the process and what was called."""
    calls = project / "calls"
    calls.unlink(missing_ok=True)
    inherited = {
        name: value
        for name, value in os.environ.items()
        if name not in ("AMENT_PREFIX_PATH", "MAKEFLAGS", "MAKELEVEL", "MFLAGS", "ROS_DISTRO")
    }
    done = subprocess.run(
        ["make", "setup", f"PYTHON={project / 'python'}", *arguments],
        cwd=project,
        env=inherited | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return done, calls.read_text().split() if calls.exists() else []


def calls_of(project: Path) -> list[str]:
    done, calls = make(project)
    assert done.returncode == 0, done.stderr
    return calls


def later(path: Path) -> None:
    """Date a file after all that was made, as an edit does."""
    stamp = (path.stat().st_mtime_ns, max(time.time_ns(), path.stat().st_mtime_ns) + 10**9)
    os.utime(path, ns=stamp)


def path_without(program: str, folder: Path) -> str:
    """A PATH on which all is found but `program`."""
    for directory in reversed(os.get_exec_path()):
        for tool in Path(directory).glob("*"):
            link = folder / tool.name
            link.unlink(missing_ok=True)
            link.symlink_to(tool)
    (folder / program).unlink()
    return str(folder)


def test_the_first_start_makes_everything_and_the_second_nothing(project: Path) -> None:
    assert calls_of(project) == ["venv", "pip", "build"]
    assert calls_of(project) == []


def test_an_interrupted_installation_starts_anew(project: Path) -> None:
    (project / "fail").touch()
    done, _ = make(project)
    assert done.returncode != 0
    (project / "fail").unlink()
    assert calls_of(project) == ["venv", "pip", "build"]


def test_an_interrupted_build_is_built_again(project: Path) -> None:
    build = project / "embedded/build_overlay.sh"
    script = build.read_text()
    build.write_text("exit 1\n")
    done, _ = make(project)
    assert done.returncode != 0
    build.write_text(script)
    assert calls_of(project) == ["build"]


def test_changed_requirements_are_installed_into_what_is_there(project: Path) -> None:
    calls_of(project)
    later(project / "requirements/base.txt")
    assert calls_of(project) == ["pip", "build"]


def test_an_update_that_fails_leaves_what_is_there_and_is_tried_again(project: Path) -> None:
    calls_of(project)
    later(project / "requirements/base.txt")
    (project / "fail").touch()
    done, calls = make(project)
    assert done.returncode != 0
    assert calls == ["pip"]
    (project / "fail").unlink()
    assert calls_of(project) == ["pip", "build"]


@pytest.mark.parametrize("name", ["msg/Mem4DStatus.msg", "CMakeLists.txt", "package.xml"])
def test_changed_sources_of_the_build_are_built(project: Path, name: str) -> None:
    calls_of(project)
    later(project / name)
    assert calls_of(project) == ["build"]


def test_an_edited_python_file_needs_no_build(project: Path) -> None:
    calls_of(project)
    later(project / "mem4d_ros/module.py")
    assert calls_of(project) == []


def test_a_new_and_a_removed_python_file_are_built(project: Path) -> None:
    calls_of(project)
    (project / "mem4d_ros/another.py").touch()
    assert calls_of(project) == ["build"]
    (project / "mem4d_ros/another.py").unlink()
    assert calls_of(project) == ["build"]


@pytest.mark.parametrize(
    ("program", "named"), [("cmake", "CMake"), ("cc", "C compiler"), ("c++", "C++ compiler")]
)
def test_a_missing_tool_is_named_with_its_remedy_in_one_line(
    project: Path, program: str, named: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = path_without(program, tmp_path_factory.mktemp("bin"))
    done, calls = make(project, PATH=path, CC="", CXX="")
    assert done.returncode != 0
    assert calls == []
    (line,) = (line for line in done.stderr.splitlines() if line.startswith("mem4d_ros:"))
    assert f"{named} is missing" in line
    assert "apt install" in line


def test_a_missing_python_is_named(project: Path) -> None:
    done, _ = make(project, "PYTHON=python3.99")
    assert done.returncode != 0
    assert "'python3.99' is not on PATH" in done.stderr


@pytest.mark.parametrize("check", ["version_info", "ensurepip", "Python.h"])
def test_a_python_of_no_use_is_named(project: Path, check: str) -> None:
    python = project / "python"
    python.write_text(f'#!/bin/sh\ncase "$*" in *{check}*) exit 1 ;; esac\necho Python 3.9.2\n')
    done, _ = make(project)
    assert done.returncode != 0
    expected = {
        "version_info": "is Python 3.9.2, but 3.10 to 3.13 is needed",
        "ensurepip": "has no venv or pip",
        "Python.h": "headers",
    }
    assert expected[check] in done.stderr


def test_a_sourced_distribution_takes_precedence(project: Path) -> None:
    calls_of(project)
    done, calls = make(project, AMENT_PREFIX_PATH="/opt/ros/jazzy", ROS_DISTRO="jazzy")
    assert done.returncode != 0
    assert calls == []
    assert "ROS 2 jazzy is sourced (/opt/ros/jazzy)" in done.stderr
    assert "colcon build" in done.stderr


def test_the_embedded_ros_itself_is_no_distribution(project: Path) -> None:
    done, _ = make(project, AMENT_PREFIX_PATH=str(project / ".venv"))
    assert done.returncode == 0
