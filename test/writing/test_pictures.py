"""Pictures come back as they were written."""

from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from mem4d_ros.writing import write_image, write_picture


def test_a_picture_is_rgb(tmp_path: Path) -> None:
    rgb = np.random.default_rng(0).integers(0, 256, (5, 7, 3), np.uint8)
    write_picture(tmp_path / "a.png", rgb)
    np.testing.assert_array_equal(cv2.imread(str(tmp_path / "a.png"))[..., ::-1], rgb)


def test_an_image_keeps_its_depth(tmp_path: Path) -> None:
    depth = np.random.default_rng(0).integers(0, 65536, (5, 7), np.uint16)
    write_image(tmp_path / "a.png", depth)
    np.testing.assert_array_equal(cv2.imread(str(tmp_path / "a.png"), cv2.IMREAD_UNCHANGED), depth)


def test_a_name_need_not_be_utf_8(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"caf\xe9.png")
    write_image(path, np.zeros((2, 2), np.uint8))
    assert cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), 0).shape == (2, 2)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"No such file or directory: '.*nowhere/a\.png'"):
        write_image(tmp_path / "nowhere" / "a.png", np.zeros((2, 2), np.uint8))
