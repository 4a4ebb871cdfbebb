"""TUM's lists: what belongs to the same moment, and lines that are wrong."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from dataset_layouts import write_bonn, write_tum
from layout_parts import Scene

from mem4d_ros.datasets import FrameError, open_dataset


def without_line_of(path: Path, first: str) -> None:
    lines = path.read_text().splitlines(keepends=True)
    kept = [line for line in lines if not line.startswith(first)]
    assert len(kept) == len(lines) - 1
    path.write_text("".join(kept))


def forget_pose(folder: Path, scene: Scene, frame: int) -> None:
    """The pose of a frame and the decoy close by."""
    path = folder / "groundtruth.txt"
    for delay in (0.002, 0.010):
        without_line_of(path, f"{scene.stamps_s[frame] + delay:.6f}")


def test_tum_leaves_out_images_without_a_pose(scene: Scene, tmp_path: Path) -> None:
    written = write_tum(scene, tmp_path)
    forget_pose(written.folder, scene, 1)
    (recording,) = open_dataset("tum", tmp_path)
    stamps = [sample.stamp_s for sample in recording]
    np.testing.assert_allclose(stamps, scene.stamps_s[[0, 2, 3]], atol=1e-6)


def test_bonn_keeps_the_numbers_of_images(scene: Scene, tmp_path: Path) -> None:
    """Its poses are its markers': they neither choose images nor are given."""
    written = write_bonn(scene, tmp_path)
    forget_pose(written.folder, scene, 1)
    (recording,) = open_dataset("bonn", tmp_path)
    assert [sample.camera_to_world for sample in recording] == [None] * len(scene)


def test_depth_of_another_moment_is_not_taken(scene: Scene, tmp_path: Path) -> None:
    written = write_tum(scene, tmp_path)
    without_line_of(written.folder / "depth.txt", f"{scene.stamps_s[2] + 0.005:.6f}")
    (recording,) = open_dataset("tum", tmp_path)
    assert [sample.depth is None for sample in recording] == [False, False, True, False]


@pytest.mark.parametrize(
    ("name", "focal_length"),
    [("rgbd_dataset_freiburg1_xyz", 517.3), ("freiburg2_desk", 520.9), ("office", 525.0)],
)
def test_intrinsics_are_those_of_the_named_camera(
    name: str, focal_length: float, scene: Scene, tmp_path: Path
) -> None:
    write_tum(scene, tmp_path, name)
    (recording,) = open_dataset("tum", tmp_path)
    assert recording[0].intrinsics is not None
    assert recording[0].intrinsics[0, 0] == focal_length


@pytest.mark.parametrize(
    ("listing", "content", "message"),
    [
        ("rgb.txt", "# nothing\n", "lists no files"),
        ("depth.txt", "1.5 a.png b.png\n", "does not have a time and a file in every line"),
        ("depth.txt", "now a.png\n", "does not have a time and a file in every line"),
        ("groundtruth.txt", "1 0 0 0 0 0 0 2\n", "has a pose that is not finite, or no unit"),
        ("groundtruth.txt", "1 0 0 nan 0 0 0 1\n", "has a pose that is not finite, or no unit"),
        ("groundtruth.txt", "1 0 0 0 0 0 0 1\n", "has no pose within 0.02 s of an image"),
    ],
)
def test_a_broken_list_is_named(
    listing: str, content: str, message: str, scene: Scene, tmp_path: Path
) -> None:
    written = write_tum(scene, tmp_path)
    (written.folder / listing).write_text(content)
    with pytest.raises(FrameError, match=re.escape(f"{written.folder / listing} {message}")):
        len(open_dataset("tum", tmp_path)[0])


@pytest.mark.parametrize("listing", ["rgb.txt", "depth.txt", "groundtruth.txt"])
def test_a_missing_list_is_named(listing: str, scene: Scene, tmp_path: Path) -> None:
    written = write_tum(scene, tmp_path)
    (written.folder / listing).unlink()
    with pytest.raises(FrameError, match=f"{listing} is missing|holds no sequence"):
        len(open_dataset("tum", tmp_path)[0])
