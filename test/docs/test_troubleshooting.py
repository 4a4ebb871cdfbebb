"""docs/troubleshooting.md names the doctor's findings and the node's parameters as they are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mem4d_ros.doctor.catalogue import CATALOGUE, markdown

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs/troubleshooting.md").read_text(encoding="utf-8")
SYMPTOMS, TABLE = TEXT.split("## Findings")
GROUPS = {name.partition(".")[0] for name in CATALOGUE}
PARAMETER = r"\b((?:model|memory|input|frames|tf|points|scale|static_map)\.[a-z_]+[a-z])\b"


def test_the_table_is_generated() -> None:
    assert markdown() in TABLE, "run `make generate`"


def test_every_finding_stands_under_a_symptom_and_no_other() -> None:
    named = {name for name in re.findall(r"`(\w+\.\w+)`", SYMPTOMS) if name in CATALOGUE}
    assert named == set(CATALOGUE)


def test_names_like_those_of_findings_are_findings_or_parameters() -> None:
    parameters = known_parameters()
    for name in re.findall(r"`(\w+\.\w+)`", SYMPTOMS):
        if name.partition(".")[0] in GROUPS - {"this"}:
            assert name in CATALOGUE or name in parameters, name


def known_parameters() -> set[str]:
    pytest.importorskip("rclpy", reason="needs ROS")
    from mem4d_ros.ros.interface.parameters import markdown as table

    return set(re.findall(r"^\| `([\w.]+)` ", table(), re.MULTILINE))


def test_parameters_that_remedies_name_exist() -> None:
    parameters = known_parameters()
    sources = [SYMPTOMS]
    for folder in ("mem4d_ros/doctor", "mem4d_ros/ros/doctor"):
        sources += [file.read_text(encoding="utf-8") for file in (ROOT / folder).glob("*.py")]
    literals = [text for source in sources for text in re.findall(r"[\"`]([^\"`\n]*)[\"`]", source)]
    named = {name for text in literals for name in re.findall(PARAMETER, text)}
    named -= {"memory.host", "model.eval"} | set(CATALOGUE)
    assert len(named) > 8
    assert named <= parameters


def test_links_lead_somewhere() -> None:
    for link in re.findall(r"\]\(([^)#:]+)\)", TEXT):
        assert (ROOT / "docs" / link).exists(), link
    titles = re.findall(r"^## (.+)", TEXT, re.MULTILINE)
    headings = {re.sub(r"[^\w -]", "", title).lower().replace(" ", "-") for title in titles}
    assert set(re.findall(r"\]\(#([\w-]+)\)", TEXT)) <= headings
