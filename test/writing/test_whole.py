"""A file is there as a whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mem4d_ros.writing import whole_file, write_text


def test_text_replaces_text(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    write_text(path, "long old text")
    write_text(path, "new")
    assert path.read_text() == "new"
    assert os.listdir(tmp_path) == [path.name]


def test_an_error_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(RuntimeError, match="half way"), whole_file(path) as partial:  # noqa: PT012
        partial.write_text("half")
        raise RuntimeError("half way")
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == [path.name]


def test_until_it_is_whole_it_has_another_name_with_the_same_suffix(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    with whole_file(path) as partial:
        partial.touch()
        assert os.listdir(tmp_path) == [partial.name]
        assert (partial.suffix, partial.parent) == (".png", tmp_path)
    assert os.listdir(tmp_path) == [path.name]


def test_a_link_in_the_unfinished_files_place_is_not_followed(tmp_path: Path) -> None:
    outside, path = tmp_path / "outside", tmp_path / "folder" / "a.ply"
    outside.write_text("untouched")
    path.parent.mkdir()
    with whole_file(path) as partial:
        partial.touch()
    partial.symlink_to(outside)
    write_text(path, "new")
    assert outside.read_text() == "untouched"
    assert os.listdir(path.parent) == [path.name]


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="nowhere"):
        write_text(tmp_path / "nowhere" / "file", "text")
