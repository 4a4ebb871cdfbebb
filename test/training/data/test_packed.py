"""A packed sequence is the sequence, but for what compression loses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from dataset_layouts import write_scannet
from layout_parts import scene_of

from mem4d_ros.geometry import unproject
from mem4d_ros.synthetic import render_sequence
from mem4d_ros.training.data.packed import (
    depth_code,
    depth_of,
    main,
    nearest_indices,
    read_packed,
    write_packed,
)
from mem4d_ros.training.data.sequences import CorruptSequence, StoredSequence


@pytest.fixture(scope="module")
def sequence() -> StoredSequence:
    rendered = render_sequence(3, 3, 48, 64)
    return StoredSequence(
        images=(rendered.images * 255).round().to(torch.uint8),
        depth=rendered.depth.half(),
        camera_to_world=rendered.camera_to_world.float(),
        intrinsics=rendered.intrinsics[0].float(),
        moving=rendered.moving,
    )


def test_depth_keeps_its_share() -> None:
    metres = np.geomspace(0.06, 500, 1000)
    np.testing.assert_allclose(depth_of(depth_code(metres)), metres, rtol=0.002)


@pytest.mark.parametrize("unknown", [np.nan, 0.0, -1.0])
def test_unknown_depth_stays_unknown(unknown: float) -> None:
    assert np.isnan(depth_of(depth_code(np.array([unknown])))).all()


def test_the_sky_stays_infinitely_far() -> None:
    assert depth_of(depth_code(np.array([np.inf, 2.0])))[0] == np.inf


def test_nearest_pixels() -> None:
    assert nearest_indices(2, 6).tolist() == [1, 4]
    assert nearest_indices(6, 2).tolist() == [0, 0, 0, 1, 1, 1]
    assert nearest_indices(5, 5).tolist() == [0, 1, 2, 3, 4]


def test_it_comes_back(sequence: StoredSequence, tmp_path: Path) -> None:
    path = tmp_path / "a.packed.safetensors"
    write_packed(path, sequence, (48, 64), 95)
    found = read_packed(path, 48, 64)
    difference = found.images.float() - sequence.images.float()
    assert difference.abs().mean() < 4
    torch.testing.assert_close(found.depth, sequence.depth, rtol=0.003, atol=0, equal_nan=True)
    for name in ("camera_to_world", "intrinsics", "moving"):
        assert torch.equal(getattr(found, name), getattr(sequence, name)), name


def test_another_size_sees_the_same_points(sequence: StoredSequence, tmp_path: Path) -> None:
    """A plain wall's points, half as many and one and a half times as many."""
    wall = replace(
        sequence,
        depth=torch.full_like(sequence.depth, 2.0),
        intrinsics=torch.tensor([[60.0, 0, 31.5], [0, 60.0, 23.5], [0, 0, 1]]),
    )
    path = tmp_path / "a.packed.safetensors"
    write_packed(path, wall, (24, 32), 85)
    for height in (24, 72):
        found = read_packed(path, height, height * 4 // 3)
        points = unproject(found.depth[0].float(), found.intrinsics)
        edge = 2.0 * 32 / 60 * (1 - 3 / (4 * height))  # half a pixel within the image's edge
        assert points[..., 0].max().item() == pytest.approx(edge, rel=2e-3)
        assert points.mean((0, 1))[:2].abs().max() < 1e-3


@pytest.mark.parametrize("damage", [lambda b: b[:100], lambda b: b""], ids=["cut", "empty"])
def test_a_broken_file_is_named(
    damage: Callable[[bytes], bytes], sequence: StoredSequence, tmp_path: Path
) -> None:
    path = tmp_path / "a.packed.safetensors"
    write_packed(path, sequence, (24, 32), 85)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(CorruptSequence, match=r"a\.packed"):
        read_packed(path, 48, 64)


def test_another_shape_is_refused(sequence: StoredSequence, tmp_path: Path) -> None:
    path = tmp_path / "a.packed.safetensors"
    write_packed(path, sequence, (24, 32), 85)
    with pytest.raises(CorruptSequence, match="64x48 px are of another shape than 64x64"):
        read_packed(path, 64, 64)


def test_of_a_recording_the_frames_with_truth_are_packed(tmp_path: Path) -> None:
    """The pose of the second is lost."""
    write_scannet(scene_of(render_sequence(3, 3, 48, 64)), tmp_path)
    (lost,) = tmp_path.rglob("pose/1.txt")
    np.savetxt(lost, np.full((4, 4), -np.inf))
    out = tmp_path / "out"
    main([str(tmp_path), "--reader", "scannet", "--out", str(out)])
    (packed,) = out.iterdir()
    assert len(read_packed(packed, 48, 64).images) == 2


def test_a_recording_without_truth_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_scannet(scene_of(render_sequence(3, 3, 48, 64)), tmp_path)
    for pose in tmp_path.rglob("pose/*.txt"):
        np.savetxt(pose, np.full((4, 4), -np.inf))
    arguments = [str(tmp_path), "--reader", "scannet"]
    with pytest.raises(SystemExit, match="1"):
        main([*arguments, "--out", str(tmp_path / "out")])
    printed = capsys.readouterr().err
    assert "no frame can be trained on" in printed
    assert "has no pose" in printed
    assert printed.count("\n") == 1


@pytest.mark.parametrize("folder", ["empty", "nowhere"])
def test_a_folder_without_recordings_is_one_line(
    folder: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(SystemExit, match="1"):
        main([str(tmp_path / folder), "--out", str(tmp_path / "out")])
    printed = capsys.readouterr().err
    assert folder in printed
    assert printed.count("\n") == 1
