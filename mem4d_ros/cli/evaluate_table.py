"""A table that is printed row by row."""

from __future__ import annotations

from collections.abc import Sequence

NAME_WIDTH = 28
MIN_WIDTH = 7


def header(columns: Sequence[str]) -> str:
    """The titles, each over its column."""
    return _line("sequence", columns, columns)


def line(name: str, cells: Sequence[str], columns: Sequence[str]) -> str:
    """One row: cells stand right under their titles."""
    return _line(name, cells, columns)


def _line(name: str, cells: Sequence[str], columns: Sequence[str]) -> str:
    right = (
        cell.rjust(max(len(title), MIN_WIDTH)) for cell, title in zip(cells, columns, strict=True)
    )
    return "  ".join([name.ljust(NAME_WIDTH), *right]).rstrip()
