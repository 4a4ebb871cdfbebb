"""The README's tables are those of the code, and what it names exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()


def section(name: str) -> str:
    """What stands between `<!-- name: … -->` and `<!-- end -->`."""
    match = re.search(rf"<!-- {name}: .*? -->\n(.*?)<!-- end -->", README, re.DOTALL)
    assert match, f"README.md has no section {name}"
    return match[1]


def test_parameters_that_it_names_exist_and_have_the_values_that_it_names() -> None:
    parameters = pytest.importorskip("mem4d_ros.ros.interface.parameters", reason="needs ROS")
    known = {row.name: row for row in parameters.parameters()}
    rows = re.findall(r"^\| (`[a-z_]+\.[a-z_`., ]+) \| (.*) \|$", README, re.MULTILINE)
    assert rows
    for names, meaning in rows:
        named = re.findall(r"`([^`]+)`", names)
        assert set(named) <= known.keys(), names
        for value in re.findall(r"`(\w+)`", meaning):
            assert value in known[named[0]].constraint.choices, (names, value)


def test_the_topic_table_is_generated() -> None:
    topics = pytest.importorskip("mem4d_ros.ros.interface.topics", reason="needs ROS")
    assert section("topics") == topics.markdown()


def test_links_to_files_lead_somewhere() -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", README)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_files_of_the_model_that_it_names_exist() -> None:
    names = re.findall(r"`(\w+\.py)`", README)
    assert names
    assert [name for name in names if not (ROOT / "mem4d_ros/model" / name).exists()] == []


def test_make_targets_that_it_names_exist() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"`?make (\w+)", README):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
