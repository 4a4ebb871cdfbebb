"""A map is written where it may be, whole or not at all, and nothing is said that is not true."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from mem4d_ros.ros.interface.settings import FrameSettings, Settings
from mem4d_ros.ros.output.map_files import MapNotSaved, is_of_points, map_file, save_points
from mem4d_ros.runtime import ColouredPoints


class Points:
    """A map of `count` points."""

    def __init__(self, count: int) -> None:
        self.count = count

    def points(self, settings: Settings) -> ColouredPoints:
        zeros = np.zeros((self.count, 3))
        return ColouredPoints(
            zeros.astype(np.float32), zeros.astype(np.uint8), np.ones(self.count, np.float32)
        )


class Nothing:
    def points(self, settings: Settings) -> None:
        return None


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "maps"


@pytest.mark.parametrize(
    "name", ["a.ply", "a.PCD", "rooms/kitchen.ply", "rooms/../a.pcd", ".a.ply"]
)
def test_names_inside_the_folder_are_taken(folder: Path, name: str) -> None:
    path = map_file(folder, name, overwrite=False)
    assert path == Path(os.path.normpath(folder / name))
    assert save_points(path, Points(3), Settings()) == 3
    assert os.listdir(path.parent) == [path.name]  # nothing else is left there


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("../a.ply", "is not inside"),
        ("rooms/../../a.ply", "is not inside"),
        ("/etc/a.ply", "is not inside"),
        ("", "is not inside"),
        (".", "is not inside"),
        ("a.sh", "has no known format: end it in .ply or .pcd for points, or in .map"),
        ("a.ply/", None),  # a trailing slash is no folder here
        ("a\0.ply", "is no path"),
    ],
)  # fmt: skip
def test_other_names_are_refused(folder: Path, name: str, reason: str | None) -> None:
    if reason is None:
        assert map_file(folder, name, overwrite=False) == folder / "a.ply"
        return
    with pytest.raises(MapNotSaved, match=reason):
        map_file(folder, name, overwrite=False)


@pytest.mark.parametrize("name", ["a" * 300 + ".ply", "a/" * 5000 + "a.ply"])
def test_a_name_too_long_for_the_disk_is_refused(folder: Path, name: str) -> None:
    folder.mkdir()
    with pytest.raises(MapNotSaved, match=r"is no path: .*too long"):
        map_file(folder, name, overwrite=False)


def test_a_link_does_not_lead_out(folder: Path, tmp_path: Path) -> None:
    folder.mkdir()
    (folder / "away").symlink_to(tmp_path)
    (folder / "passwd.ply").symlink_to(tmp_path / "passwd")
    for name in ("away/a.ply", "passwd.ply"):
        with pytest.raises(MapNotSaved, match="is not inside"):
            map_file(folder, name, overwrite=True)


def test_a_file_that_exists_is_replaced_only_where_asked(folder: Path) -> None:
    path = map_file(folder, "a.ply", overwrite=False)
    save_points(path, Points(1), Settings())
    with pytest.raises(MapNotSaved, match=r"exists: .* set overwrite"):
        map_file(folder, "a.ply", overwrite=False)
    small = path.stat().st_size
    save_points(map_file(folder, "a.ply", overwrite=True), Points(100), Settings())
    assert path.stat().st_size > small


@pytest.mark.parametrize("source", [Nothing(), Points(0)])
def test_an_empty_map_is_not_written(folder: Path, source: Points | Nothing) -> None:
    with pytest.raises(MapNotSaved, match="no points yet"):
        save_points(folder / "a.ply", source, Settings())
    assert not folder.exists()


def test_what_the_disk_refuses_is_said_and_leaves_nothing(folder: Path) -> None:
    folder.write_text("a file where the folder should be")
    with pytest.raises(MapNotSaved, match="cannot be written: "):
        save_points(folder / "a.ply", Points(1), Settings())
    name = "x" * 300 + ".ply"
    with pytest.raises(MapNotSaved, match="cannot be written: File name too long"):
        save_points(folder.parent / name, Points(1), Settings())
    assert os.listdir(folder.parent) == [folder.name]


def test_a_file_names_the_frame_of_its_points_whatever_its_name(folder: Path) -> None:
    settings = Settings(frames=FrameSettings(map="m\nend_header ä"))
    path = folder / "a.ply"
    save_points(path, Points(1), settings)
    header = path.read_bytes().split(b"end_header\n")
    assert len(header) == 2
    assert rb"comment metres, in the frame 'm\nend_header \xe4', z up" in header[0]


@pytest.mark.parametrize(("name", "of_points"), [("a.ply", True), ("a.map", False), ("a", False)])
def test_the_name_says_whether_the_map_or_its_points_are_meant(
    folder: Path, name: str, of_points: bool
) -> None:
    assert map_file(folder, name, overwrite=False) == folder / name
    assert is_of_points(name) == of_points
