"""A package that is missing is named with the command that installs it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mem4d_ros import extras

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("module", extras.EXTRAS)
def test_an_extra_brings_the_package(module: str) -> None:
    text = (ROOT / f"requirements/{extras.EXTRAS[module]}.txt").read_text(encoding="utf-8")
    package = extras.PYPI_NAMES.get(module, module.replace("_", "-"))
    assert re.search(rf"^{package}>=", text, re.MULTILINE)


@pytest.mark.parametrize("extra", ["datasets", "engines", "evaluation", "training", "viewer"])
def test_every_package_of_an_extra_is_known(extra: str) -> None:
    text = (ROOT / f"requirements/{extra}.txt").read_text(encoding="utf-8")
    known = {extras.PYPI_NAMES.get(m, m.replace("_", "-")) for m in extras.EXTRAS}
    assert set(re.findall(r"^([\w-]+)>=", text, re.MULTILINE)) <= known


def test_what_pip_installed_has_extras(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extras, "is_installed_by_pip", lambda: True)
    assert extras.install_command("rosbags") == "pip install 'mem4d_ros[datasets]'"
    assert extras.install_command("yaml", "datasets") == "pip install 'mem4d_ros[datasets]'"


def test_what_a_workspace_of_ros_installed_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extras, "is_installed_by_pip", lambda: False)
    said = extras.missing("yaml", "training")
    assert said == "training needs the package yaml: pip install pyyaml"
