"""Where a data set says that a pose is unknown, the sample has none; what it assumes is known."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from dataset_layouts import write_nrgbd, write_scannet
from layout_parts import Scene, write_image, write_text

from mem4d_ros.datasets import FrameError, open_dataset


def test_scannet_where_tracking_was_lost(scene: Scene, tmp_path: Path) -> None:
    written = write_scannet(scene, tmp_path)
    write_text(written.poses[2], np.full((4, 4), -np.inf))
    (recording,) = open_dataset("scannet", tmp_path)
    assert [sample.camera_to_world is None for sample in recording] == [False, False, True, False]


def test_nrgbd_where_a_matrix_is_nan(scene: Scene, tmp_path: Path) -> None:
    written = write_nrgbd(scene, tmp_path)
    poses = np.loadtxt(written.poses[0])
    poses[4:8] = np.nan
    write_text(written.poses[0], poses)
    (recording,) = open_dataset("nrgbd", tmp_path)
    assert [sample.camera_to_world is None for sample in recording] == [False, True, False, False]


def test_nrgbd_has_one_focal_length_where_its_file_is_missing(scene: Scene, tmp_path: Path) -> None:
    written = write_nrgbd(scene, tmp_path)
    (written.folder / "focal.txt").unlink()
    (recording,) = open_dataset("nrgbd", tmp_path)
    assert recording[0].intrinsics is not None
    assert recording[0].intrinsics[0].tolist() == [554.2562584220408, 0, 16]


def test_scannet_colour_is_scaled_down_to_depth(scene: Scene, tmp_path: Path) -> None:
    """A large image of whole blocks becomes the blocks' colours."""
    written = write_scannet(scene, tmp_path)
    blocks = np.random.default_rng(0).integers(0, 256, (6, 8, 3), np.uint8)
    large = cv2.resize(blocks, (128, 96), interpolation=cv2.INTER_NEAREST)
    cv2.imwrite(str(written.images[1].with_suffix(".png")), large[..., ::-1])
    written.images[1].unlink()
    (recording,) = open_dataset("scannet", tmp_path)
    expected = cv2.resize(blocks, (32, 24), interpolation=cv2.INTER_NEAREST)
    np.testing.assert_array_equal(recording[1].image, expected)


def test_scannet_colour_of_another_view_is_refused(scene: Scene, tmp_path: Path) -> None:
    written = write_scannet(scene, tmp_path)
    write_image(written.images[1], np.zeros((24, 40, 3), np.uint8))
    with pytest.raises(FrameError, match=r"depth/1\.png is 32x24, its image 40x24"):
        list(open_dataset("scannet", tmp_path)[0])
