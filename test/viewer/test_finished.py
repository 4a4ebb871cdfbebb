"""A folder of `mem4d reconstruct` as a recording."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from export_records import make_record, moving_pixels

from mem4d_ros.geometry import BODY_FROM_OPTICAL, transform_points
from mem4d_ros.runtime.export import RecordFolder, write_ply
from mem4d_ros.viewer.finished import FinishedRecording, is_finished
from mem4d_ros.viewer.scene import Changes, Scene

FRAMES = 4


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    records = RecordFolder(tmp_path)
    for index in range(FRAMES):
        records.append(make_record(index))
        records.add_moving(index, moving_pixels(index))
    write_ply(tmp_path / "static_cloud.ply", make_record(2).points())
    return tmp_path


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def map_with_times(scene: Scene) -> Changes:
    """The changes that tell when what was seen."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        new = scene.take()
        if new.facts is not None and not new.facts.remark:
            return new
        time.sleep(0.01)
    raise AssertionError("it was not found out when what was seen")


def test_a_frame_is_shown_in_a_map_that_is_z_up(folder: Path) -> None:
    scene = Scene()
    recording = FinishedRecording(folder, scene)
    assert recording.length == FRAMES
    map_with_times(scene)
    recording.show(1, grows=False)
    shown, record, moving = scene.take(), make_record(1), moving_pixels(1)
    pose = BODY_FROM_OPTICAL @ record.camera_to_world
    np.testing.assert_allclose(shown.camera.map_from_camera, pose, atol=1e-7)
    expected = transform_points(BODY_FROM_OPTICAL, record.points(~moving).positions)
    np.testing.assert_allclose(shown.frame.positions, expected, atol=1e-5)
    assert len(shown.moving.positions) == len(record.points(moving).positions)
    np.testing.assert_array_equal(shown.image, record.image)
    assert len(shown.path) == 2
    assert shown.until == np.inf


def test_the_map_tells_when_its_parts_were_first_seen(folder: Path) -> None:
    scene = Scene()
    recording = FinishedRecording(folder, scene)
    found = map_with_times(scene)
    assert found.static_map.times.shape == (len(make_record(2).points().positions),)
    assert set(found.static_map.times) <= set(range(FRAMES))
    recording.show(2, grows=True)
    assert scene.take().until == 2.0


def test_nothing_in_the_folder_changes(folder: Path) -> None:
    before = contents(folder)
    scene = Scene()
    FinishedRecording(folder, scene).show(0, grows=True)
    map_with_times(scene)
    assert contents(folder) == before


def remark_of(scene: Scene) -> str:
    facts = scene.take().facts
    assert facts is not None
    return facts.remark


def remove(file: Path) -> None:
    file.unlink()


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def empty(file: Path) -> None:
    file.write_bytes(b"")


@pytest.mark.parametrize("damage", [remove, cut, empty])
@pytest.mark.parametrize(
    "name", ["images/000001.png", "depth/000001.npy", "confidence/000001.npy", "clouds/000001.ply"]
)
def test_a_damaged_frame_is_named_and_the_others_are_shown(
    folder: Path, damage: Callable[[Path], None], name: str
) -> None:
    damage(folder / name)
    scene = Scene()
    recording = FinishedRecording(folder, scene)
    recording.wait_for_growth()
    named = f"frame 1 cannot be read from its files 000001 in {folder}"
    grown = scene.take()
    assert f"frames left out: 1; {named}" in grown.facts.remark
    assert set(grown.static_map.times) <= {0.0, 2.0, 3.0}
    recording.show(1, grows=True)
    shown = scene.take()
    assert shown.facts.remark.count(named) == 2
    assert (shown.frame, shown.until) == (None, 1.0)
    recording.show(2, grows=True)
    shown = scene.take()
    assert shown.frame is not None
    assert shown.facts.remark.count(named) == 1  # of the growth


def test_a_frame_that_went_meanwhile_is_named_when_it_is_to_be_shown(folder: Path) -> None:
    scene = Scene()
    recording = FinishedRecording(folder, scene)
    recording.wait_for_growth()
    (folder / "moving" / "000003.png").unlink()
    recording.show(3, grows=False)
    assert "frame 3 cannot be read" in remark_of(scene)
    recording.show(2, grows=False)
    assert remark_of(scene) == ""


def test_the_folder_is_told_from_others(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    assert is_finished(folder)
    assert not is_finished(folder / "images")
