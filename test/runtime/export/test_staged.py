"""Files that take their places together, however that is interrupted."""

from __future__ import annotations

from pathlib import Path

import pytest

from mem4d_ros.runtime.export.staged import Staged

NAMES = ("a.txt", "b.txt", "sub/c.txt")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "sub").mkdir()
    for name in NAMES:
        (tmp_path / name).write_text("old")
    return tmp_path


def texts(folder: Path) -> list[str]:
    return [(folder / name).read_text() for name in NAMES]


def staged(folder: Path) -> Staged:
    new = Staged(folder)
    for name in NAMES:
        new.path(name).write_text("new")
    return new


def test_all_take_their_places(folder: Path) -> None:
    new = staged(folder)
    assert texts(folder) == ["old"] * 3
    new.take_place()
    assert texts(folder) == ["new"] * 3
    assert sorted(path.name for path in folder.iterdir()) == ["a.txt", "b.txt", "sub"]


def test_what_is_not_complete_is_forgotten(folder: Path) -> None:
    staged(folder)
    Staged(folder).take_place()
    assert texts(folder) == ["old"] * 3


def test_what_was_begun_is_ended(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    new, replace, left = staged(folder), Path.replace, [1]

    def interrupted(source: Path, target: Path) -> Path:
        if not left:
            raise KeyboardInterrupt
        left.pop()
        return replace(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", interrupted)
        with pytest.raises(KeyboardInterrupt):
            new.take_place()
    assert texts(folder) == ["new", "old", "old"]
    Staged(folder)
    assert texts(folder) == ["new"] * 3
