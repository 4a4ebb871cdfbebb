"""Whatever ~/save_map is asked for, it writes inside its folder or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mem4d_ros.ros.output.map_files import MapNotSaved, map_file

PARTS = ["..", ".", "", "a", "away", "here", "~", "/", "\0", "\n", "é", "b.ply", "c.PCD", "x" * 256]
NAMES = st.one_of(
    st.lists(st.one_of(st.sampled_from(PARTS), st.text(max_size=5)), max_size=8).map("/".join),
    st.text(max_size=300).map(lambda name: name + ".ply"),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With links in it that lead out, nowhere, in circles, and to itself."""
    root = tmp_path_factory.mktemp("maps")
    folder = root / "maps"
    folder.mkdir()
    (folder / "away").symlink_to(root)
    (folder / "nowhere.ply").symlink_to(root / "nothing.ply")
    (folder / "circle.ply").symlink_to(folder / "circle.ply")
    (folder / "here").symlink_to(folder)
    return folder


@settings(max_examples=500, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=NAMES, overwrite=st.booleans())
@pytest.mark.long
def test_no_name_leads_out(folder: Path, name: str, overwrite: bool) -> None:
    try:
        path = map_file(folder, name, overwrite)
    except MapNotSaved:
        return
    assert os.path.realpath(path).startswith(f"{os.path.realpath(folder)}{os.sep}")
    assert path.suffix.lower() in (".ply", ".pcd", ".map", "")


@pytest.mark.parametrize("name", ["nowhere.ply", "circle.ply", "away/a.ply", "here/../../a.ply"])
def test_links_are_followed_before_they_are_believed(folder: Path, name: str) -> None:
    with pytest.raises(MapNotSaved):
        map_file(folder, name, overwrite=True)
