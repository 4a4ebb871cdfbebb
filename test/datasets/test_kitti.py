"""Where KITTI's files may lie, and which camera a pose is of."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from dataset_layouts import write_kitti, write_kitti_odometry
from layout_parts import Scene, write_image, write_text

from mem4d_ros.datasets import FrameError, open_dataset


def test_images_may_lie_beside_the_depth(scene: Scene, tmp_path: Path) -> None:
    written = write_kitti(scene, tmp_path)
    raw = tmp_path / "2011_09_26"
    shutil.move(raw / written.folder.name / "image_02", written.folder / "image_02")
    shutil.rmtree(raw)
    (recording,) = open_dataset("kitti", tmp_path / "val")
    assert [sample.intrinsics for sample in recording] == [None] * len(scene)
    np.testing.assert_array_equal(recording[1].image, scene.images[1])


def test_the_raw_data_is_asked_for_where_it_is_missing(scene: Scene, tmp_path: Path) -> None:
    written = write_kitti(scene, tmp_path)
    shutil.rmtree(tmp_path / "2011_09_26")
    name = written.folder.name
    with pytest.raises(FrameError, match=f"put the raw data's 2011_09_26/{name}/image_02/data"):
        len(open_dataset("kitti", tmp_path)[0])


def test_a_calibration_without_the_camera_is_named(scene: Scene, tmp_path: Path) -> None:
    write_kitti(scene, tmp_path)
    (tmp_path / "2011_09_26" / "calib_cam_to_cam.txt").write_text("P_rect_02: 1 2 3\n")
    with pytest.raises(FrameError, match=r"calib_cam_to_cam\.txt has no line P_rect_02"):
        len(open_dataset("kitti", tmp_path)[0])


def test_grey_images_have_the_poses_as_they_are(scene: Scene, tmp_path: Path) -> None:
    written = write_kitti_odometry(scene, tmp_path)
    (written.folder / "image_2").rename(written.folder / "image_0")
    write_text(written.poses[0], scene.camera_to_world[:, :3].reshape(-1, 12))
    (recording,) = open_dataset("kitti", tmp_path)
    poses = [sample.camera_to_world for sample in recording]
    np.testing.assert_allclose(poses, scene.camera_to_world, atol=1e-9)
    assert recording[0].intrinsics is not None
    np.testing.assert_allclose(recording[0].intrinsics, 2 * scene.intrinsics)


def test_a_test_sequence_has_no_poses(scene: Scene, tmp_path: Path) -> None:
    written = write_kitti_odometry(scene, tmp_path)
    written.poses[0].unlink()
    (recording,) = open_dataset("kitti", tmp_path)
    assert all(sample.camera_to_world is None for sample in recording)


def test_a_copy_of_one_camera_is_read(scene: Scene, tmp_path: Path) -> None:
    """Images as image_l, no labels in calib.txt, and poses.txt beside it."""
    folder = tmp_path / "kitti01"
    for index, image in enumerate(scene.images):
        write_image(folder / f"image_l/{index:06d}.png", image)
    write_text(folder / "calib.txt", np.eye(3, 4).reshape(1, -1))
    write_text(folder / "poses.txt", scene.camera_to_world[:, :3].reshape(-1, 12))
    (recording,) = open_dataset("kitti", folder)
    poses = [sample.camera_to_world for sample in recording]
    np.testing.assert_allclose(poses, scene.camera_to_world, atol=1e-9)
    assert recording[0].stamp_s is None


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("calib.txt", "P0: 1 0 0 0 0 1 0 0 0 0 1 0\n", r"calib.txt has no projection P2"),
        ("calib.txt", "P0: 1\nP1: 1\nP2: 1 2 3\n", r"calib.txt has no projection P2"),
        ("calib.txt", "1\n2\nP2:" + " 0" * 12, r"calib.txt has no projection P2"),
        ("times.txt", "0.0\n0.1\n", r"times.txt has 2 entries, but 4 are needed"),
    ],
)
def test_a_broken_file_is_named(
    file: str, content: str, message: str, scene: Scene, tmp_path: Path
) -> None:
    written = write_kitti_odometry(scene, tmp_path)
    (written.folder / file).write_text(content)
    with pytest.raises(FrameError, match=message):
        len(open_dataset("kitti", tmp_path)[0])


def test_a_sequence_without_images_is_named(scene: Scene, tmp_path: Path) -> None:
    written = write_kitti_odometry(scene, tmp_path)
    (written.folder / "image_2").rename(written.folder / "image_9")
    with pytest.raises(FrameError, match="has none of the image folders image_2, image_0"):
        len(open_dataset("kitti", tmp_path)[0])
