"""Every claim of docs/comparison.md about a neighbour says where it was read."""

from __future__ import annotations

import re
from pathlib import Path

TEXT = (Path(__file__).parents[2] / "docs" / "comparison.md").read_text(encoding="utf-8")
TABLES, SOURCES = TEXT.split("## Sources")
NEIGHBOURS = ("ird", "lavmn", "b")
"""Of each table, by the first letter of their sources' names."""
UNKNOWN = ("–", "not stated")


def tables() -> list[list[list[str]]]:
    """The cells of each row of each comparison, without headers."""
    found = re.findall(r"(?:^\|.*\n)+", TABLES, re.MULTILINE)
    return [
        [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]
        for table in found
    ]


def cited(text: str) -> set[str]:
    """Names of sources in brackets."""
    groups = re.findall(r"\[((?:[a-z]\d(?:, )?)+)\]", text)
    return {name for group in groups for name in group.split(", ")}


def test_each_cell_cites_a_file_of_its_own_package() -> None:
    for neighbours, rows in zip(NEIGHBOURS, tables(), strict=True):
        assert len(rows) > 8
        for row in rows:
            assert len(row) == 2 + len(neighbours), row
            for letter, cell in zip(neighbours, row[2:], strict=True):
                assert cell in UNKNOWN or cited(cell), row
                assert {name[0] for name in cited(cell)} <= {letter}, row


def test_sources_are_those_that_are_cited() -> None:
    listed = re.findall(r"^\| ([a-z]\d) \|", SOURCES, re.MULTILINE)
    assert len(listed) == len(set(listed))
    assert set(listed) == cited(TABLES)
