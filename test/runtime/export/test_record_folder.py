"""Records on disk."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from export_records import make_record, moving_pixels

from mem4d_ros.runtime.export import FrameRecord, RecordFolder, read_ply
from mem4d_ros.runtime.export.record_folder import to_millimetres


def filled(folder: Path, count: int) -> RecordFolder:
    records = RecordFolder(folder)
    for index in range(count):
        records.append(make_record(index))
    return records


def assert_same(found: FrameRecord, expected: FrameRecord) -> None:
    assert (found.name, found.stamp_ns) == (expected.name, expected.stamp_ns)
    assert found.pose_measured is expected.pose_measured
    for name in ("image", "depth", "points_world", "confidence", "intrinsics"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))
    np.testing.assert_allclose(found.camera_to_world, expected.camera_to_world, atol=1e-8)


def test_records_come_back_in_another_process(tmp_path: Path) -> None:
    filled(tmp_path, 3)
    found = RecordFolder(tmp_path)
    assert len(found) == 3
    for index, one in enumerate(found):
        assert_same(one, make_record(index))


def test_any_name_comes_back_in_one_line(tmp_path: Path) -> None:
    records = RecordFolder(tmp_path)
    for name in ("two\nlines.png", os.fsdecode(b"caf\xe9.png"), 'comma, "quote".png'):
        records.append(replace(make_record(0), name=name))
    names = [record.name for record in RecordFolder(tmp_path)]
    assert names == [r"two\nlines.png", r"caf\udce9.png", 'comma, "quote".png']


def test_clouds_are_the_points_that_are_kept(tmp_path: Path) -> None:
    filled(tmp_path, 1)
    one, cloud = make_record(0), read_ply(tmp_path / "clouds/000000.ply")
    kept = np.argwhere(one.confidence > 0)
    assert len(cloud.positions) == len(kept) > 0
    for position, colour, confidence, (row, column) in zip(
        *vars(cloud).values(), kept, strict=True
    ):
        np.testing.assert_array_equal(position, one.points_world[row, column])
        np.testing.assert_array_equal(colour, one.image[row, column])
        assert confidence == one.confidence[row, column]


def test_moving_pixels_come_back(
    tmp_path: Path,
) -> None:
    records = filled(tmp_path, 2)
    records.add_moving(1, moving_pixels(1))
    np.testing.assert_array_equal(RecordFolder(tmp_path).moving(1), moving_pixels(1))
    records.truncate(1)
    assert not list((tmp_path / "moving").iterdir())


def test_some_records_and_a_thinned_trajectory(tmp_path: Path) -> None:
    records = filled(tmp_path, 5)
    assert [one.name for one in records.select({0, 3})] == [
        make_record(0).name,
        make_record(3).name,
    ]
    stamps, poses = records.trajectory(at_most=3)
    assert stamps == [make_record(index).stamp_ns for index in (0, 2, 4)]
    np.testing.assert_allclose(poses[1], make_record(2).camera_to_world, atol=1e-8)


def test_the_trajectory_is_read_by_evo(tmp_path: Path) -> None:
    file_interface = pytest.importorskip("evo.tools.file_interface")
    filled(tmp_path, 4)
    trajectory = file_interface.read_tum_trajectory_file(tmp_path / "trajectory.txt")
    expected = [make_record(index).camera_to_world for index in range(4)]
    np.testing.assert_allclose(trajectory.poses_se3, expected, atol=1e-8)


def test_depth_is_in_millimetres_and_metres(tmp_path: Path) -> None:
    filled(tmp_path, 1)
    millimetres = cv2.imread(str(tmp_path / "depth/000000.png"), cv2.IMREAD_UNCHANGED)
    metres = np.load(tmp_path / "depth/000000.npy")
    assert (millimetres.dtype, metres.dtype) == (np.uint16, np.float32)
    np.testing.assert_allclose(millimetres[1:] / 1000, metres[1:], atol=0.00051)
    assert millimetres[0, 0] == 0
    assert np.isnan(metres[0, 0])


def test_depths_that_16_bits_cannot_hold_are_none() -> None:
    depth = np.array([[np.nan, np.inf, -1, 0, 0.0004, 0.0006, 65.535, 65.536]])
    assert to_millimetres(depth).tolist() == [[0, 0, 0, 0, 0, 1, 65535, 0]]


def test_what_is_cut_off_is_gone(tmp_path: Path) -> None:
    records = filled(tmp_path, 4)
    records.truncate(2)
    assert len(RecordFolder(tmp_path)) == len(records) == 2
    assert sorted(path.name for path in (tmp_path / "depth").iterdir()) == [
        "000000.npy",
        "000000.png",
        "000001.npy",
        "000001.png",
    ]
    records.append(make_record(7))
    assert_same(list(records)[2], make_record(7))


@pytest.mark.parametrize("cut", ["trajectory.txt", "frames.csv"])
def test_a_row_that_was_being_written_does_not_count(cut: str, tmp_path: Path) -> None:
    filled(tmp_path, 3)
    path = tmp_path / cut
    path.write_text(path.read_text()[:-5])
    found = RecordFolder(tmp_path)
    assert len(found) == 2
    found.append(make_record(2))
    assert_same(list(RecordFolder(tmp_path))[2], make_record(2))
    assert not (tmp_path / "clouds/000003.ply").exists()
