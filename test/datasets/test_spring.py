"""Spring's disparity, and the package that reads it."""

from __future__ import annotations

import sys
from pathlib import Path

import h5py
import numpy as np
import pytest
from dataset_layouts import write_spring
from layout_parts import Scene

from mem4d_ros.datasets import FrameError, open_dataset


def test_depth_is_that_of_the_stereo_pair(scene: Scene, tmp_path: Path) -> None:
    """A point at depth z is seen by two cameras 0.065 m apart fx * 0.065 / z pixels apart."""
    written = write_spring(scene, tmp_path)
    with h5py.File(written.depths[0], "w") as file:
        disparity = np.full((48, 64), 0.5, np.float32)
        disparity[0, 0], disparity[0, 2] = 0, np.nan
        file["disparity"] = disparity
    depth = open_dataset("spring", tmp_path)[0][0].depth
    assert depth is not None
    assert np.isnan(depth[0, :2]).all()
    z = depth[5, 5]
    left, right = ((scene.intrinsics @ (x, 0.0, z))[0] / z for x in (0.0, -0.065))
    assert left - right == pytest.approx(0.5)


def test_the_missing_package_is_named(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_spring(scene, tmp_path)
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(FrameError, match="needs the package h5py: pip install"):
        len(open_dataset("spring", tmp_path)[0])


def test_a_file_without_disparity_is_named(scene: Scene, tmp_path: Path) -> None:
    written = write_spring(scene, tmp_path)
    with h5py.File(written.depths[1], "w") as file:
        file["flow"] = np.zeros((48, 64, 2))
    with pytest.raises(FrameError, match=r"disp1_left_0002\.dsp5 is not a readable disparity"):
        list(open_dataset("spring", tmp_path)[0])
    with h5py.File(written.depths[1], "w") as file:
        file["disparity"] = np.zeros((48, 64, 2))
    with pytest.raises(FrameError, match=r"has a disparity of shape \(48, 64, 2\)"):
        list(open_dataset("spring", tmp_path)[0])
