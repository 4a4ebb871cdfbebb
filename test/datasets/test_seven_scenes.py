"""The 7-Scenes reader gives back what was written, and names the file that is wrong."""

from __future__ import annotations

import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from mem4d_ros.datasets import FrameError, SevenScenes, open_dataset

SIZE = (6, 8)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    for index in (0, 2, 10):
        stem = tmp_path / f"frame-{index:06d}"
        cv2.imwrite(f"{stem}.color.png", np.full((*SIZE, 3), (index, 100, 200), np.uint8))
        depth = np.full(SIZE, 1000 + index, np.uint16)
        depth[0, 0], depth[0, 1] = 0, 65535
        cv2.imwrite(f"{stem}.depth.png", depth)
        pose = np.eye(4)
        pose[:3, 3] = rng.normal(size=3)
        np.savetxt(f"{stem}.pose.txt", pose)
    return tmp_path


def test_it_reads_what_was_written(folder: Path) -> None:
    sequence = SevenScenes(folder)
    samples = list(sequence)
    assert len(sequence) == len(samples) == 3
    assert [sample.name for sample in samples] == [f"frame-{i:06d}" for i in (0, 2, 10)]
    last = samples[2]
    assert last.image[0, 0].tolist() == [200, 100, 10]
    assert last.depth is not None
    assert np.isnan(last.depth[0, :2]).all()
    assert last.depth[1, 1] == pytest.approx(1.010)
    np.testing.assert_array_equal(
        last.camera_to_world, np.loadtxt(folder / "frame-000010.pose.txt")
    )
    assert last.intrinsics is not None
    assert last.intrinsics[0].tolist() == [585, 0, 320]


def test_intrinsics_beside_the_frames_are_used(folder: Path) -> None:
    np.savetxt(folder / "camera-intrinsics.txt", np.diag([5.0, 6.0, 1.0]))
    sample = next(iter(SevenScenes(folder)))
    assert sample.intrinsics is not None
    assert sample.intrinsics[1, 1] == 6


@pytest.mark.parametrize("suffix", ["depth.png", "pose.txt"])
def test_a_missing_file_is_named(folder: Path, suffix: str) -> None:
    (folder / f"frame-000002.{suffix}").unlink()
    with pytest.raises(FrameError, match=f"frame-000002.{suffix} is missing"):
        SevenScenes(folder)


@pytest.mark.parametrize(
    ("suffix", "content", "message"),
    [
        ("pose.txt", b"1 2 3 4\n", "not a finite 4x4 matrix"),
        ("pose.txt", b"a b\n", "not a readable matrix"),
        ("pose.txt", b"nan 0 0 0\n" * 4, "not a finite 4x4 matrix"),
        ("depth.png", b"no image", "not a readable 16-bit depth image"),
    ],
)
def test_a_broken_file_is_named(folder: Path, suffix: str, content: bytes, message: str) -> None:
    (folder / f"frame-000002.{suffix}").write_bytes(content)
    with pytest.raises(FrameError, match=f"frame-000002.{suffix} is {message}"):
        list(SevenScenes(folder))


def test_a_depth_of_another_size_is_named(folder: Path) -> None:
    cv2.imwrite(str(folder / "frame-000002.depth.png"), np.ones((3, 8), np.uint16))
    with pytest.raises(FrameError, match=r"frame-000002.depth.png is 8x3, its image 8x6"):
        list(SevenScenes(folder))


def test_depth_seen_from_the_colour_camera_is_preferred(folder: Path) -> None:
    for index in (0, 2, 10):
        depth = np.full(SIZE, 2000 + index, np.uint16)
        cv2.imwrite(str(folder / f"frame-{index:06d}.depth.proj.png"), depth)
    depths = [sample.depth for sample in SevenScenes(folder)]
    np.testing.assert_allclose([depth[3, 3] for depth in depths], [2.0, 2.002, 2.01])
    (folder / "frame-000002.depth.proj.png").unlink()
    with pytest.raises(FrameError, match=r"frame-000002.depth.proj.png is missing"):
        SevenScenes(folder)


def test_sequences_are_called_by_scene_and_number(folder: Path) -> None:
    for scene, number in (("chess", 3), ("chess", 5), ("fire", 3)):
        shutil.copytree(folder, folder.parent / "7scenes" / scene / f"seq-{number:02d}")
    root = folder.parent / "7scenes"
    names = ["chess/seq-03", "chess/seq-05", "fire/seq-03"]
    assert [recording.name for recording in open_dataset("7scenes", root)] == names
    for start, found in (("chess", names[:2]), ("fire/seq-03", names[2:])):
        assert [recording.name for recording in open_dataset("7scenes", root / start)] == found
