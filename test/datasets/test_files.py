"""Files of data sets: order, partners and matrices."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from mem4d_ros.datasets import FrameError
from mem4d_ros.datasets.files import list_files, matching_files, read_lines, read_table, rigid

FILE = Path("poses.txt")


def make(folder: Path, *names: str) -> list[Path]:
    folder.mkdir(exist_ok=True)
    for name in names:
        (folder / name).touch()
    return [folder / name for name in names]


def test_numbers_are_in_order(tmp_path: Path) -> None:
    make(tmp_path, "img10.png", "img9.png", "img100.PNG", "notes.txt")
    assert [path.name for path in list_files(tmp_path, ".png")] == [
        *("img9.png", "img10.png", "img100.PNG"),
    ]


def test_a_folder_without_such_files_is_named(tmp_path: Path) -> None:
    with pytest.raises(FrameError, match=r"nowhere is missing"):
        list_files(tmp_path / "nowhere", ".png")
    with pytest.raises(FrameError, match=r"holds no files of \.jpg \.png"):
        list_files(tmp_path, ".png", ".jpg")


def test_partners_have_the_same_last_number(tmp_path: Path) -> None:
    images = make(tmp_path / "images", "disp1_left_0001.png", "disp1_left_0002.png")
    make(tmp_path / "depth", "d2_002.png", "d2_001.png")
    names = [path.name for path in matching_files(tmp_path / "depth", ".png", images)]
    assert names == ["d2_001.png", "d2_002.png"]


def test_the_image_without_a_partner_is_named(tmp_path: Path) -> None:
    images = make(tmp_path / "images", "img0.png", "img1.png")
    make(tmp_path / "depth", "depth0.png", "depth7.png")
    with pytest.raises(FrameError, match=r"depth has no \.png file with the number of img1\.png"):
        matching_files(tmp_path / "depth", ".png", images)
    (tmp_path / "depth" / "first.png").touch()
    with pytest.raises(FrameError, match=r"first\.png has no number"):
        matching_files(tmp_path / "depth", ".png", images)


@given(st.tuples(*[st.floats(-3, 3)] * 3), st.tuples(*[st.floats(-1e4, 1e4)] * 3))
def test_every_rigid_motion_is_accepted(
    turn: tuple[float, float, float], shift: tuple[float, float, float]
) -> None:
    pose = np.column_stack([Rotation.from_rotvec(turn).as_matrix(), shift])
    accepted = rigid(pose, FILE)
    np.testing.assert_array_equal(accepted[:3], pose)
    np.testing.assert_array_equal(accepted[3], [0, 0, 0, 1])


@pytest.mark.parametrize(
    "pose",
    [
        np.diag([1.0, 1.0, -1.0, 1.0]),  # a mirror
        np.diag([2.0, 2.0, 2.0, 1.0]),
        np.zeros((4, 4)),
        np.eye(3),
        np.eye(4)[[1, 2, 3, 0]],
        np.eye(4) + np.eye(4)[3] * 0.1,
        np.full((3, 4), np.nan),
        np.eye(5),
    ],
)
def test_other_matrices_are_refused(pose: np.ndarray) -> None:
    with pytest.raises(FrameError, match=r"poses\.txt"):
        rigid(pose, FILE)


def test_comments_are_skipped_and_columns_counted(tmp_path: Path) -> None:
    path = tmp_path / "poses.txt"
    path.write_text("# x y\n1 2\n-inf nan\n")
    np.testing.assert_array_equal(read_table(path, 2), [[1, 2], [-np.inf, np.nan]])
    with pytest.raises(FrameError, match=r"poses\.txt does not have 3 numbers in every line"):
        read_table(path, 3)
    path.write_text("# nothing\n")
    with pytest.raises(FrameError, match=r"poses\.txt is not a readable matrix"):
        read_table(path, 2)


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    path = tmp_path / "rgb.txt"
    path.write_bytes(b"\x89PNG\xff\xfe")
    with pytest.raises(FrameError, match=r"rgb\.txt is not a text file"):
        read_lines(path)
    with pytest.raises(FrameError, match=r"rgb\.txt is not a readable matrix"):
        read_table(path, 4)
