"""ARKitScenes' files belong together by the times in their names."""

from __future__ import annotations

from pathlib import Path

import pytest
from dataset_layouts import write_arkitscenes
from layout_parts import Scene, Written

from mem4d_ros.datasets import FrameError, open_dataset


@pytest.fixture
def written(scene: Scene, tmp_path: Path) -> Written:
    return write_arkitscenes(scene, tmp_path)


def test_images_without_pose_or_depth_are_left_out(written: Written) -> None:
    images = sorted((written.folder / "lowres_wide").iterdir())
    assert len(images) == 2 * len(written.images)
    written.depths[1].unlink()
    (recording,) = open_dataset("arkitscenes", written.folder)
    kept = [sample.name for sample in recording]
    assert kept == [f"40753679/{written.images[i].stem}" for i in (0, 2, 3)]


def test_intrinsics_of_another_size_are_named(written: Written) -> None:
    camera = sorted((written.folder / "lowres_wide_intrinsics").iterdir())[0]
    camera.write_text("256 192 200 200 128 96")
    with pytest.raises(FrameError, match=r"pincam is of a 256x192 image, its own is 32x24"):
        open_dataset("arkitscenes", written.folder)[0][0]


def test_missing_intrinsics_are_named(written: Written) -> None:
    sorted((written.folder / "lowres_wide_intrinsics").iterdir())[0].unlink()
    name = written.images[0].name
    with pytest.raises(FrameError, match=f"no .pincam file of the time of {name}"):
        len(open_dataset("arkitscenes", written.folder)[0])


def test_a_trajectory_of_another_time_is_named(written: Written) -> None:
    written.poses[0].write_text("1 0 0 0 0 0 0\n")
    with pytest.raises(FrameError, match=r"lowres_wide\.traj has no pose of an image with depth"):
        len(open_dataset("arkitscenes", written.folder)[0])


def test_a_name_without_a_time_is_named(written: Written) -> None:
    written.images[0].rename(written.images[0].with_name("first.png"))
    with pytest.raises(FrameError, match=r"first\.png has no time in its name"):
        len(open_dataset("arkitscenes", written.folder)[0])
