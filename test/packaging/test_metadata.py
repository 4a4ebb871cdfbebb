"""What the package says of itself, in setup.py, package.xml and CMakeLists.txt."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

import mem4d_ros

ROOT = Path(__file__).parents[2]
PACKAGE = ElementTree.parse(ROOT / "package.xml").getroot()

# Modules whose package has another name in rosdep.
ROSDEP_KEYS = {
    "cv2": "python3-opencv",
    "numpy": "python3-numpy",
    "tf2_ros": "tf2_ros_py",
    "torch": "python3-torch",
}
WITHOUT_ROSDEP_KEY = {"safetensors"}
NOT_IMPORTED = {"rosidl_default_runtime"}
# What each is for: files by pattern, in mem4d_ros.
EXTRAS = {
    "datasets": ("datasets/*.py", "runtime/export/bag_*.py"),
    "engines": ("runtime/engines/**/*.py", "runtime/depth_prior/*.py"),
    "evaluation": ("evaluation/**/*.py",),
    "training": ("training/**/*.py", "synthetic/meshes/*.py"),
    "viewer": ("viewer/*.py",),
}
# Modules whose distribution has another name on PyPI.
PYPI_NAMES = {"cv2": "opencv-python-headless", "yaml": "pyyaml"}


def dependencies(*kinds: str) -> set[str]:
    return {element.text for kind in kinds for element in PACKAGE.iter(kind)}


def python_files(*patterns: str) -> set[Path]:
    return {path for pattern in patterns for path in ROOT.glob(pattern)}


def imported_packages(paths: set[Path]) -> set[str]:
    """Top-level names imported by these Python files, without our own."""
    names = set()
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                names.add(node.module.partition(".")[0])
    return names - sys.stdlib_module_names - {"mem4d_ros"}


def requirements(*names: str) -> list[str]:
    files = (ROOT / f"requirements/{name}.txt" for name in names)
    lines = [line for file in files for line in file.read_text(encoding="utf-8").splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


def setup_py(query: str) -> str:
    command = [sys.executable, "setup.py", "--quiet", query]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout


def test_there_is_one_version() -> None:
    assert PACKAGE.findtext("version") == mem4d_ros.__version__
    assert setup_py("--version").split()[-1] == mem4d_ros.__version__


def test_there_is_one_licence() -> None:
    assert PACKAGE.findtext("license") == "Apache-2.0"
    assert setup_py("--license").split()[-1] == "Apache-2.0"
    assert "Apache License" in (ROOT / "LICENSE").read_text(encoding="utf-8")


def files_of_extras() -> dict[str, set[Path]]:
    """By the name of each extra."""
    return {
        name: python_files(*(f"mem4d_ros/{pattern}" for pattern in patterns))
        for name, patterns in EXTRAS.items()
    }


def test_package_xml_names_what_the_node_imports_and_nothing_else() -> None:
    optional = set().union(*files_of_extras().values())
    files = python_files("mem4d_ros/**/*.py", "launch/*.py") - optional
    imported = imported_packages(files) - WITHOUT_ROSDEP_KEY
    declared = dependencies("depend", "exec_depend") - NOT_IMPORTED
    assert {ROSDEP_KEYS.get(name, name) for name in imported} == declared


@pytest.mark.parametrize("extra", ["base", *EXTRAS])
def test_the_library_requires_all_that_it_imports_without_ros(extra: str) -> None:
    extra_files = files_of_extras()
    not_base = python_files("mem4d_ros/ros/**/*.py").union(*extra_files.values())
    needing = extra_files.get(extra) or python_files("mem4d_ros/**/*.py") - not_base
    imported = imported_packages(needing)
    required = {re.match(r"[\w-]+", line)[0] for line in requirements("base", extra)}
    assert {PYPI_NAMES.get(name, name.replace("_", "-")) for name in imported} <= required


def test_every_interface_is_generated() -> None:
    cmake = (ROOT / "CMakeLists.txt").read_text(encoding="utf-8")
    interfaces = {
        path.relative_to(ROOT).as_posix()
        for folder in ("msg", "srv", "action")
        for path in (ROOT / folder).glob("*.*")
    }
    assert interfaces == set(re.findall(r"(?:msg|srv|action)/\w+\.\w+", cmake))


@pytest.mark.parametrize("name", [path.stem for path in (ROOT / "requirements").iterdir()])
def test_every_requirement_is_bounded_on_both_sides(name: str) -> None:
    for line in requirements(name):
        assert re.fullmatch(r"[\w-]+>=[\d.]+,<[\d.]+(; .+)?", line), line
