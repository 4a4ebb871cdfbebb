"""`pip install .`: the library and the `mem4d` command for people without ROS."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from email import message_from_bytes
from pathlib import Path

import pytest

import mem4d_ros

ROOT = Path(__file__).parents[2]
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check")
ROS_PACKAGES = ("rclpy", "sensor_msgs", "geometry_msgs", "std_msgs", "cv_bridge", "tf2_ros")


def run(*command: str | Path, folder: Path | None = None) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel that is built from the source distribution, as an index would do."""
    source = tmp_path_factory.mktemp("source")
    for name in ("setup.py", "pyproject.toml", "MANIFEST.in", "LICENSE"):
        shutil.copy(ROOT / name, source)
    shutil.copytree(ROOT / "requirements", source / "requirements")
    shutil.copytree(ROOT / "mem4d_ros", source / "mem4d_ros")
    run(sys.executable, "setup.py", "--quiet", "sdist", folder=source)
    (sdist,) = (source / "dist").glob("*.tar.gz")
    built = tmp_path_factory.mktemp("wheel")
    run(*PIP, "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", built, sdist)
    (path,) = built.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the wheel, this one's libraries, and no ROS."""
    environment = tmp_path_factory.mktemp("environment")
    run(sys.executable, "-m", "venv", "--without-pip", environment)
    python = environment / "bin/python"
    run(*PIP, "--python", python, "install", "--quiet", "--no-deps", "--no-index", wheel)
    site_packages = run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))")
    Path(site_packages.strip(), "libraries.pth").write_text(
        f"{sysconfig.get_path('purelib')}\n"
        f"import sys; sys.modules.update(dict.fromkeys({ROS_PACKAGES}))\n"
    )
    return python


@pytest.mark.slow
def test_the_wheel_holds_all_of_the_package(wheel: Path) -> None:
    names = {path for path in zipfile.ZipFile(wheel).namelist() if path.startswith("mem4d_ros/")}
    files = [
        path
        for pattern in ("*.py", "*.safetensors", "py.typed", "cli/completion/mem4d.*", "SHA256SUMS")
        for path in (ROOT / "mem4d_ros").rglob(pattern)
    ]
    assert names == {path.relative_to(ROOT).as_posix() for path in files}


def normal(requirement: str) -> frozenset[str]:
    """The name and the bounds of a requirement, in any order and spacing."""
    return frozenset(re.split(r"[<>=, ]+", requirement))


@pytest.mark.slow
def test_the_wheel_says_what_it_needs(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
    metadata = message_from_bytes(archive.read(name))
    lines = (ROOT / "requirements/base.txt").read_text(encoding="utf-8").splitlines()
    needed = [line for line in metadata.get_all("Requires-Dist") if "extra ==" not in line]
    assert {normal(line) for line in needed} == {
        normal(line) for line in lines if not line.startswith("#")
    }
    extras = {"datasets", "engines", "evaluation", "training", "viewer"}
    assert set(metadata.get_all("Provides-Extra")) == extras
    assert metadata["Version"] == mem4d_ros.__version__
    assert set(metadata["Requires-Python"].split(",")) == {">=3.10", "<3.14"}


@pytest.mark.slow
def test_the_command_and_the_model_run_without_ros(python: Path, tmp_path: Path) -> None:
    assert "usage: mem4d" in run(python.with_name("mem4d"), "--help", folder=tmp_path)
    code = (
        "from mem4d_ros.model import PRESETS; import mem4d_ros; print(mem4d_ros.__file__, *PRESETS)"
    )
    output = run(python, "-c", code, folder=tmp_path)
    assert output.startswith(str(python.parents[1]))
    assert "lite" in output


@pytest.mark.slow
def test_without_ros_the_node_says_what_it_lacks(python: Path, tmp_path: Path) -> None:
    assert not python.with_name("mem4d_node").exists()
    done = subprocess.run(
        [python, "-c", "import mem4d_ros.ros.node"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "rclpy" in done.stderr
