"""Any name of a file can stand in a line of a text file."""

from __future__ import annotations

import os

import pytest

from mem4d_ros.writing import in_a_line


@pytest.mark.parametrize("name", ["frame 1.png", "walk/Übung_№ 7 – 日本.jpg"])
def test_a_name_in_any_language_stays(name: str) -> None:
    assert in_a_line(name) == name


@pytest.mark.parametrize(
    ("name", "escaped"),
    [
        ("two\nlines.png", r"two\nlines.png"),
        (os.fsdecode(b"caf\xe9.png"), r"caf\udce9.png"),
        ("\x1b[31mred", r"\x1b[31mred"),
    ],
)
def test_what_would_break_a_line_is_escaped(name: str, escaped: str) -> None:
    assert in_a_line(name) == escaped
