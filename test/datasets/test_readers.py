"""Every reader gives back a scene that was written in its layout, and names what is wrong."""

from __future__ import annotations

import re
from pathlib import Path

import cv2
import numpy as np
import pytest
from dataset_layouts import LAYOUTS, WITH_DEPTH, WITH_POSES, write_tum
from layout_parts import Scene, Written, write_image

from mem4d_ros.datasets import DATASETS, FrameError, Recording, open_dataset

IN_IMAGE_FILES = [name for name in LAYOUTS if name != "stereo4d"]
NUMBERED_WITH_DEPTH = ["sintel", "nrgbd", "scannet", "spring", "pointodyssey"]
NUMBERED = [*NUMBERED_WITH_DEPTH, "kitti odometry"]
"""Files belong together by their numbers, or by the numbers of lines."""
WITH_STAMPS = ("tum", "bonn", "sintel", "kitti odometry", "stereo4d", "arkitscenes")


def write(layout: str, scene: Scene, root: Path) -> tuple[str, Written]:
    dataset, writer = LAYOUTS[layout]
    return dataset, writer(scene, root)


def read_all(dataset: str, root: Path) -> None:
    for recording in open_dataset(dataset, root):
        list(recording)


def test_every_data_set_is_tested() -> None:
    assert {dataset for dataset, _ in LAYOUTS.values()} == set(DATASETS)


def test_the_scene_has_known_and_unknown_depth(scene: Scene) -> None:
    known = np.isfinite(scene.depth).mean(axis=(1, 2))
    assert (known > 0.1).all()
    assert (known < 0.99).all()


@pytest.mark.parametrize("layout", LAYOUTS)
def test_what_was_written_is_read(layout: str, scene: Scene, tmp_path: Path) -> None:
    dataset, written = write(layout, scene, tmp_path)
    (recording,) = open_dataset(dataset, tmp_path)
    samples = list(recording)
    assert recording.name.split("/")[-1] == written.folder.name
    assert len(recording) == len(samples) == len(scene)
    assert len({sample.name for sample in samples}) == len(samples)
    for t, sample in enumerate(samples):
        assert sample.image.dtype == np.uint8
        lossless = written.images[0].suffix == ".png"
        error = np.abs(sample.image.astype(int) - scene.images[t])
        assert error.max() == 0 if lossless else error.mean() < 8
        np.testing.assert_allclose(sample.intrinsics, written.intrinsics, rtol=1e-9)
        if layout in WITH_POSES:
            np.testing.assert_allclose(sample.camera_to_world, scene.camera_to_world[t], atol=1e-6)
        else:
            assert sample.camera_to_world is None
        if layout in WITH_DEPTH:
            assert sample.depth is not None
            assert sample.depth.dtype == np.float32
            np.testing.assert_allclose(
                sample.depth, scene.depth[t], atol=0.51 * written.depth_step_m, rtol=1e-6
            )
        else:
            assert sample.depth is None


@pytest.mark.parametrize("layout", WITH_STAMPS)
def test_stamps_are_the_recordings(layout: str, scene: Scene, tmp_path: Path) -> None:
    dataset, _ = write(layout, scene, tmp_path)
    (recording,) = open_dataset(dataset, tmp_path)
    rate = 24 if layout == "sintel" else 30
    stamps = np.array([sample.stamp_s for sample in recording])
    np.testing.assert_allclose(np.diff(stamps), 1 / rate, atol=0.002)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_one_sequence_is_opened_by_its_own_folder(
    layout: str, scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset, written = write(layout, scene, tmp_path)
    for root in (written.folder, Path()):
        monkeypatch.chdir(written.folder)
        (recording,) = open_dataset(dataset, root)
        assert recording.name.split("/")[-1] == written.folder.name
        assert len(recording) == len(scene)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_any_sample_is_read_on_its_own(layout: str, scene: Scene, tmp_path: Path) -> None:
    dataset, _ = write(layout, scene, tmp_path)
    (recording,) = open_dataset(dataset, tmp_path)
    in_order = list(recording)
    for index in (2, 0, -1, 1):
        alone = recording[index]
        assert alone.name == in_order[index].name
        np.testing.assert_array_equal(alone.image, in_order[index].image)
        np.testing.assert_array_equal(alone.depth, in_order[index].depth)
    for index in (len(scene), -len(scene) - 1):
        with pytest.raises(IndexError, match=f"has {len(scene)} samples"):
            recording[index]


@pytest.mark.parametrize("layout", IN_IMAGE_FILES)
def test_images_are_read_when_they_are_asked_for(layout: str, scene: Scene, tmp_path: Path) -> None:
    dataset, written = write(layout, scene, tmp_path)
    written.images[-1].write_bytes(b"no image")
    (recording,) = open_dataset(dataset, tmp_path)
    samples = iter(recording)
    for _ in range(len(scene) - 1):
        next(samples)
    with pytest.raises(FrameError, match=re.escape(str(written.images[-1]))):
        next(samples)


def assert_named(dataset: str, root: Path, path: Path, above: bool = False) -> None:
    """Reading fails, and the error names the path, or the folder that it should be in."""
    named = path.parent if above else path
    with pytest.raises(FrameError, match=re.escape(str(named))):
        read_all(dataset, root)


@pytest.mark.parametrize("layout", ["tum", "bonn", "kitti"])
def test_a_missing_image_is_named(layout: str, scene: Scene, tmp_path: Path) -> None:
    dataset, written = write(layout, scene, tmp_path)
    written.images[1].unlink()
    assert_named(dataset, tmp_path, written.images[1])


@pytest.mark.parametrize("layout", NUMBERED)
def test_fewer_images_than_truth_are_refused(layout: str, scene: Scene, tmp_path: Path) -> None:
    dataset, written = write(layout, scene, tmp_path)
    written.images[1].unlink()
    truth = (written.depths or written.poses)[0]
    folder = truth.parent if written.depths else truth
    count = f"{re.escape(str(folder))} has 4 entries, but 3 are needed"
    with pytest.raises(FrameError, match=count):
        read_all(dataset, tmp_path)


@pytest.mark.parametrize("layout", [*NUMBERED, "7scenes"])
def test_more_images_than_truth_are_refused(layout: str, scene: Scene, tmp_path: Path) -> None:
    dataset, written = write(layout, scene, tmp_path)
    last = written.images[-1]
    number = re.findall(r"\d+", last.name)[-1]
    more = last.name.replace(number, str(int(number) + 1).zfill(len(number)))
    write_image(last.with_name(more), scene.images[0])
    with pytest.raises(FrameError, match=r"is missing beside|has no .* file|5 are needed"):
        read_all(dataset, tmp_path)


@pytest.mark.parametrize("layout", [*NUMBERED_WITH_DEPTH, "7scenes", "tum", "bonn"])
def test_a_missing_depth_image_is_named(layout: str, scene: Scene, tmp_path: Path) -> None:
    dataset, written = write(layout, scene, tmp_path)
    written.depths[1].unlink()
    assert_named(dataset, tmp_path, written.depths[1], above=layout in NUMBERED_WITH_DEPTH)


@pytest.mark.parametrize("layout", WITH_DEPTH)
def test_a_depth_image_of_another_size_is_named(layout: str, scene: Scene, tmp_path: Path) -> None:
    dataset, written = write(layout, scene, tmp_path)
    assert written.write_depth is not None
    written.write_depth(written.depths[1], scene.depth[1][:, ::2])
    with pytest.raises(
        FrameError, match=f"{re.escape(str(written.depths[1]))} is 16x24, its.*32x24"
    ):
        read_all(dataset, tmp_path)


@pytest.mark.parametrize("layout", WITH_DEPTH)
def test_a_broken_depth_image_is_named(layout: str, scene: Scene, tmp_path: Path) -> None:
    dataset, written = write(layout, scene, tmp_path)
    written.depths[1].write_bytes(b"no depth")
    assert_named(dataset, tmp_path, written.depths[1])


@pytest.mark.parametrize(
    "layout", [name for name in WITH_DEPTH if name not in ("sintel", "spring")]
)
def test_a_depth_image_of_8_bits_is_refused(layout: str, scene: Scene, tmp_path: Path) -> None:
    dataset, written = write(layout, scene, tmp_path)
    cv2.imwrite(str(written.depths[1]), np.ones(scene.depth.shape[1:], np.uint8))
    assert_named(dataset, tmp_path, written.depths[1])


@pytest.mark.parametrize("layout", [name for name in WITH_POSES if name != "kitti odometry"])
def test_a_missing_pose_is_named(layout: str, scene: Scene, tmp_path: Path) -> None:
    dataset, written = write(layout, scene, tmp_path)
    path = written.poses[-1]
    path.unlink()
    # Files that belong to images by their numbers are sought, and missed, in their folder.
    numbered = len(written.poses) > 1 and path.parent != written.images[-1].parent
    assert_named(dataset, written.folder, path, above=numbered)


@pytest.mark.parametrize("content", [b"", b"1 2 3\n", b"not numbers\n"])
@pytest.mark.parametrize("layout", WITH_POSES)
def test_a_broken_pose_is_named(layout: str, content: bytes, scene: Scene, tmp_path: Path) -> None:
    dataset, written = write(layout, scene, tmp_path)
    written.poses[-1].write_bytes(content)
    assert_named(dataset, tmp_path, written.poses[-1])


@pytest.mark.parametrize("layout", [*NUMBERED, "7scenes", "stereo4d"])
def test_a_pose_that_is_no_rigid_motion_is_named(layout: str, scene: Scene, tmp_path: Path) -> None:
    stretched = scene.camera_to_world @ np.diag([1.0, 1.0, 3.0, 1.0])
    broken = Scene(scene.images, scene.depth, stretched, scene.intrinsics, scene.stamps_s)
    dataset, written = write(layout, broken, tmp_path)
    assert_named(dataset, tmp_path, written.poses[0])


@pytest.mark.parametrize("dataset", DATASETS)
def test_a_folder_without_sequences_is_named(dataset: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(
        FrameError, match=rf"{re.escape(str(tmp_path))} holds no sequence.*{dataset}"
    ):
        open_dataset(dataset, tmp_path)


def test_an_unknown_data_set_and_a_missing_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(FrameError, match="'nuscenes': choose from 7scenes, tum"):
        open_dataset("nuscenes", tmp_path)
    with pytest.raises(FrameError, match=r"nowhere is not a folder: give that of .*'tum'"):
        open_dataset("tum", tmp_path / "nowhere")


def test_sequences_of_the_same_name_are_told_apart(scene: Scene, tmp_path: Path) -> None:
    for part in ("a", "b"):
        LAYOUTS["7scenes"][1](scene, tmp_path / part)
    recordings: list[Recording] = open_dataset("7scenes", tmp_path)
    assert [recording.name for recording in recordings] == ["a/chess/seq-01", "b/chess/seq-01"]


def test_a_broken_sequence_keeps_no_other_from_being_read(scene: Scene, tmp_path: Path) -> None:
    broken = write_tum(scene, tmp_path, "freiburg3_sitting_xyz")
    write_tum(scene, tmp_path, "freiburg3_walking_xyz")
    (broken.folder / "groundtruth.txt").unlink()
    first, second = open_dataset("tum", tmp_path)
    assert [first.name, second.name] == ["freiburg3_sitting_xyz", "freiburg3_walking_xyz"]
    with pytest.raises(FrameError, match=r"sitting_xyz/groundtruth\.txt is missing"):
        len(first)
    assert len(list(second)) == len(scene)
