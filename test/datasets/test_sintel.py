"""Sintel's two passes and its binary files."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from dataset_layouts import write_dpt, write_sintel
from layout_parts import Scene, write_image

from mem4d_ros.datasets import FrameError, open_dataset
from mem4d_ros.datasets.sintel import read_dpt


@pytest.fixture
def root(scene: Scene, tmp_path: Path) -> Path:
    """Both passes of two sequences; the clean one is darker."""
    write_sintel(scene, tmp_path)
    training = tmp_path / "training"
    for kind in ("final", "depth", "camdata_left"):
        shutil.copytree(training / kind / "alley_1", training / kind / "market_2")
    for path in sorted((training / "final").rglob("*.png")):
        clean = training / "clean" / path.relative_to(training / "final")
        write_image(clean, np.full((24, 32, 3), 7, np.uint8))
    return tmp_path


@pytest.mark.parametrize("start", ["", "training", "training/final"])
def test_the_final_pass_is_read(root: Path, start: str) -> None:
    recordings = open_dataset("sintel", root / start)
    assert [recording.name for recording in recordings] == ["alley_1", "market_2"]
    assert recordings[0][0].image.max() > 7


def test_the_clean_pass_is_read_from_its_own_folder(root: Path) -> None:
    recordings = open_dataset("sintel", root / "training" / "clean")
    assert [recording.name for recording in recordings] == ["alley_1", "market_2"]
    assert recordings[1][0].image.max() == 7


def test_depth_that_is_not_positive_is_unknown(tmp_path: Path) -> None:
    path = tmp_path / "frame_0001.dpt"
    write_dpt(path, np.array([[1.5, 0.0, -2.0], [np.nan, np.inf, 1e9]], np.float32))
    np.testing.assert_array_equal(
        read_dpt(path), np.array([[1.5, np.nan, np.nan], [np.nan, np.nan, 1e9]], np.float32)
    )


@pytest.mark.parametrize("change", [lambda b: b[:-1], lambda b: b + b"1", lambda b: b[1:]])
def test_a_file_of_another_length_is_refused(root: Path, change: Callable[[bytes], bytes]) -> None:
    for path in (
        root / "training/depth/alley_1/frame_0002.dpt",
        root / "training/camdata_left/alley_1/frame_0002.cam",
    ):
        whole = path.read_bytes()
        path.write_bytes(change(whole))
        with pytest.raises(FrameError, match=f"alley_1/{path.name} is not a whole .* of Sintel"):
            open_dataset("sintel", root)[0][1]
        path.write_bytes(whole)
