"""Names of others as they can stand in a line of a text file."""

from __future__ import annotations


def in_a_line(name: str) -> str:
    """The name, with escapes for what would break a line or is no UTF-8, as file names may be."""
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in name)
