"""The library and the `mem4d` command, without ROS: `pip install .`.

With ROS the package is built by colcon (CMakeLists.txt), which does not read this file.
"""

from __future__ import annotations

import re
from pathlib import Path

from setuptools import find_packages, setup

HERE = Path(__file__).parent
EXTRAS = ("datasets", "engines", "evaluation", "training", "viewer")


def version() -> str:
    """The package's version."""
    source = (HERE / "mem4d_ros/__init__.py").read_text(encoding="utf-8")
    return re.search(r'^__version__ = "(.+)"$', source, re.MULTILINE).group(1)


def requirements(name: str) -> list[str]:
    """The lines of a file of requirements."""
    lines = (HERE / f"requirements/{name}.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


setup(
    name="mem4d_ros",
    version=version(),
    description="Live, dense 4D reconstruction from one moving camera with Mem4D",
    license="Apache-2.0",
    python_requires=">=3.10,<3.14",
    install_requires=requirements("base"),
    extras_require={name: requirements(name) for name in EXTRAS},
    packages=find_packages(include=["mem4d_ros", "mem4d_ros.*"]),
    package_data={
        "mem4d_ros": [
            "py.typed",
            "**/*.safetensors",
            "cli/completion/mem4d.*",
            "weights/SHA256SUMS",
        ]
    },
    entry_points={"console_scripts": ["mem4d = mem4d_ros.cli.main:main"]},
)
