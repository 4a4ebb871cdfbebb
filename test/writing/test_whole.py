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


def test_two_threads_can_write_one_file(tmp_path: Path) -> None:
    """Each writes all of its own; the one that ends last stays."""
    path = tmp_path / "a.ply"
    with whole_file(path) as first, first.open("w") as file:
        file.write("first, ")
        write_text(path, "second")
        assert path.read_text() == "second"
        file.write("whole")
    assert path.read_text() == "first, whole"
    assert os.listdir(tmp_path) == [path.name]


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o027, 0o640)])
def test_a_file_is_as_readable_as_any(umask: int, mode: int, tmp_path: Path) -> None:
    """Also where it is written by way of one that is not."""
    path, private = tmp_path / "a.txt", tmp_path / "private"
    before = os.umask(umask)
    try:
        with whole_file(path) as partial:
            private.touch(0o600)
            private.replace(partial)
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == mode


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="nowhere"):
        write_text(tmp_path / "nowhere" / "file", "text")
