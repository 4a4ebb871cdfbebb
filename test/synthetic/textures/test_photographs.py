from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from mem4d_ros.synthetic import SequenceSettings, render_sequence
from mem4d_ros.synthetic.settings import ROOM
from mem4d_ros.synthetic.textures.library import (
    CROPS,
    PICTURES,
    SURFACES,
    TextureLibrary,
    standard_library,
)
from mem4d_ros.synthetic.textures.photographs import picture, read_photographs, surface


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A red photograph, a smooth one, one that is too small, and something else."""
    red = np.zeros((90, 120, 3), np.uint8)
    red[..., 2] = 200  # BGR
    y, x = np.mgrid[:128, :200]
    smooth = np.stack([x * 255 // 199, y * 255 // 127, 0 * x], -1).astype(np.uint8)
    cv2.imwrite(str(tmp_path / "a.png"), red)
    cv2.imwrite(str(tmp_path / "b.PNG"), smooth)
    cv2.imwrite(str(tmp_path / "small.png"), smooth[:20])
    (tmp_path / "notes.txt").write_text("not an image")
    return tmp_path


def test_photographs_are_read_in_rgb_by_name_without_the_small_ones(folder: Path) -> None:
    photographs = read_photographs(folder)
    assert [image.shape for image in photographs] == [(90, 120, 3), (128, 200, 3)]
    np.testing.assert_array_equal(photographs[0][0, 0], [200, 0, 0])


def test_a_folder_without_photographs_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=str(tmp_path)):
        read_photographs(tmp_path)


def test_a_broken_photograph_is_named(folder: Path) -> None:
    (folder / "broken.jpg").write_bytes(b"not a JPEG")
    with pytest.raises(ValueError, match=r"broken\.jpg"):
        read_photographs(folder)


def test_a_surface_repeats_without_a_seam(folder: Path) -> None:
    smooth = read_photographs(folder)[1:]
    image = surface(np.random.default_rng(0), smooth).astype(int)
    inner = np.abs(np.diff(image, axis=0)).max(), np.abs(np.diff(image, axis=1)).max()
    assert np.abs(image[0] - image[-1]).max() <= inner[0]
    assert np.abs(image[:, 0] - image[:, -1]).max() <= inner[1]


def test_a_picture_is_an_undistorted_part_of_a_photograph(folder: Path) -> None:
    """In the smooth one the slopes along x and y are known: both grow with the same scale."""
    smooth = read_photographs(folder)[1:]
    image = picture(np.random.default_rng(1), smooth).astype(float)
    across = np.polyfit(np.arange(256), image[128, :, 2], 1)[0] / (255 / 199)
    down = np.polyfit(np.arange(256), image[:, 128, 1], 1)[0] / (255 / 127)
    assert across == pytest.approx(down, rel=0.03)
    assert 0.7 * 128 / 256 - 0.02 < across < 128 / 256 + 0.02


@pytest.mark.long
def test_the_library_gains_crops_and_keeps_its_own(folder: Path) -> None:
    library, standard = TextureLibrary.from_folder(folder), standard_library()
    for name, members in library.members.items():
        gained = CROPS if name in (*PICTURES, *SURFACES) else 0
        assert len(members) == len(standard.members[name]) + gained
    settings = SequenceSettings(places=(ROOM,))
    with_photographs = render_sequence(3, 1, 48, 64, settings=settings, library=library)
    without = render_sequence(3, 1, 48, 64, settings=settings)
    assert not torch.equal(with_photographs.images, without.images)
    again = render_sequence(
        3, 1, 48, 64, settings=settings, library=TextureLibrary.from_folder(folder)
    )
    assert torch.equal(with_photographs.images, again.images)
