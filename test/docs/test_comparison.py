"""Every claim of docs/comparison.md about a neighbour says where it was read."""

from __future__ import annotations

import re
from pathlib import Path

TEXT = (Path(__file__).parents[2] / "docs" / "comparison.md").read_text()
TABLE, SOURCES = TEXT.split("## Sources")
NEIGHBOURS = ("i", "r", "d")  # by the first letter of the sources' names


def rows() -> list[list[str]]:
    """The cells of each row of the comparison, without header."""
    lines = [line for line in TABLE.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def cited(text: str) -> set[str]:
    """Names of sources in brackets."""
    groups = re.findall(r"\[((?:[ird]\d(?:, )?)+)\]", text)
    return {name for group in groups for name in group.split(", ")}


def test_each_cell_cites_a_file_of_its_own_package() -> None:
    for row in rows():
        assert len(row) == 2 + len(NEIGHBOURS), row
        for letter, cell in zip(NEIGHBOURS, row[2:], strict=True):
            assert cell == "–" or cited(cell), row
            assert {name[0] for name in cited(cell)} <= {letter}, row


def test_sources_are_those_that_are_cited() -> None:
    listed = re.findall(r"^\| ([ird]\d) \|", SOURCES, re.MULTILINE)
    assert len(listed) == len(set(listed))
    assert set(listed) == cited(TABLE)
