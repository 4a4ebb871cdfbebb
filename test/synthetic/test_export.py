from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from mem4d_ros.datasets import open_frames
from mem4d_ros.synthetic import render_sequence, write_sequence


def test_files_hold_what_the_sequence_holds(tmp_path: Path) -> None:
    sequence = render_sequence(2, 3, 48, 64)
    write_sequence(sequence, tmp_path / "scene")
    frames = list(open_frames(tmp_path / "scene"))
    assert len(frames) == 3
    for frame in frames:
        expected = (sequence.images[frame.index].permute(1, 2, 0) * 255).round().byte()
        np.testing.assert_array_equal(frame.image, expected)
    depth = cv2.imread(str(tmp_path / "scene/frame-000002.depth.png"), cv2.IMREAD_UNCHANGED)
    assert depth.dtype == np.uint16
    np.testing.assert_allclose(depth / 1000, sequence.depth[2].nan_to_num(0), atol=0.00051)

    rows = np.loadtxt(tmp_path / "scene/poses.txt")
    np.testing.assert_allclose(rows[:, 0], np.arange(3) / sequence.frame_rate, atol=1e-6)
    np.testing.assert_allclose(rows[:, 1:4], sequence.camera_to_world[:, :3, 3], atol=1e-6)
    rotations = Rotation.from_quat(rows[:, 4:]).as_matrix()
    np.testing.assert_allclose(rotations, sequence.camera_to_world[:, :3, :3], atol=1e-5)
    intrinsics = np.loadtxt(tmp_path / "scene/intrinsics.txt")
    np.testing.assert_allclose(intrinsics, sequence.intrinsics[0], rtol=1e-5)


@pytest.mark.long
def test_the_command_writes_frames(tmp_path: Path) -> None:
    arguments = ["--seed", "3", "--frames", "2", "--size", "64x48", "--out", str(tmp_path)]
    result = subprocess.run(
        [sys.executable, "-m", "mem4d_ros.synthetic", *arguments], capture_output=True, text=True
    )
    assert result.returncode == 0, result.stderr
    assert open_frames(tmp_path).length == 2


@pytest.mark.parametrize("wrong", [["--size", "64"], ["--size", "64x0"], ["--frames", "0"]])
@pytest.mark.long
def test_the_command_names_what_is_wrong(tmp_path: Path, wrong: list[str]) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "mem4d_ros.synthetic", "--out", str(tmp_path), *wrong],
        capture_output=True,
        text=True,
    )
    assert result.returncode == 2
    assert "Traceback" not in result.stderr
    assert "size" in result.stderr or "frames" in result.stderr
