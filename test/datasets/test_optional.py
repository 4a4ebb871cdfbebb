"""Packages that only some readers need are in their extra, and nowhere else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mem4d_ros.datasets import FrameError
from mem4d_ros.datasets.optional import optional_import

ROOT = Path(__file__).parents[2]


def test_the_extra_holds_what_readers_import_when_they_need_it() -> None:
    sources = (ROOT / "mem4d_ros" / "datasets").glob("*.py")
    calls = [re.findall(r'optional_import\("(\w+)', source.read_text()) for source in sources]
    requirements = (ROOT / "requirements" / "datasets.txt").read_text()
    packages = {"yaml": "pyyaml"}  # where the module is named otherwise
    assert {packages.get(name, name) for names in calls for name in names} == set(
        re.findall(r"^([\w-]+)>=", requirements, re.MULTILINE)
    )


def test_a_missing_package_is_named_with_its_purpose() -> None:
    message = "tea needs the package no_such_package: pip install"
    with pytest.raises(FrameError, match=message):
        optional_import("no_such_package.submodule", "tea")


def test_an_installed_module_is_imported() -> None:
    assert optional_import("json.decoder", "nothing").JSONDecoder
