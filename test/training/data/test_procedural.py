"""A pool gives the same sequences whether it renders or reads them, and mends its cache."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from small_training import small_config

from mem4d_ros.synthetic import SequenceSettings, render_sequence
from mem4d_ros.synthetic.seeds import HELD_OUT_SEED
from mem4d_ros.training.config_errors import TrainingConfigError
from mem4d_ros.training.data.procedural import ProceduralPool
from mem4d_ros.training.data.sequences import StoredSequence, read_sequence, write_sequence
from mem4d_ros.training.data_config import DataConfig

CPU = torch.device("cpu")
SMALL = DataConfig(pool=3, frames=3, height=16, width=32, frame_rate=(5.0, 30.0), seed=5)


def assert_same(a: StoredSequence, b: StoredSequence) -> None:
    for name, value in vars(a).items():
        torch.testing.assert_close(value, vars(b)[name], rtol=0, atol=0, equal_nan=True)


def test_a_sequence_is_what_its_seed_renders() -> None:
    sequence = ProceduralPool(SMALL, CPU)[2]
    settings = SequenceSettings(frame_rate=SMALL.frame_rate)
    rendered = render_sequence(7, 3, 16, 32, settings=settings)
    assert ((sequence.images / 255 - rendered.images).abs() <= 0.5 / 255 + 1e-6).all()
    torch.testing.assert_close(
        sequence.depth.float(), rendered.depth, rtol=2**-11, atol=0, equal_nan=True
    )
    torch.testing.assert_close(sequence.camera_to_world, rendered.camera_to_world)
    torch.testing.assert_close(sequence.intrinsics, rendered.intrinsics[0])
    assert torch.equal(sequence.moving, rendered.moving)


def test_photographs_are_among_the_textures(tmp_path: Path) -> None:
    """The same rooms, painted otherwise."""
    for index in range(3):
        noise = np.random.default_rng(index).integers(0, 255, (300, 300, 3), np.uint8)
        cv2.imwrite(str(tmp_path / f"{index}.png"), noise)
    plain = ProceduralPool(SMALL, CPU)[0]
    painted = ProceduralPool(replace(SMALL, photographs=str(tmp_path)), CPU)[0]
    assert not torch.equal(plain.images, painted.images)
    with pytest.raises(TrainingConfigError, match=r"data\.photographs: .*nowhere"):
        ProceduralPool(replace(SMALL, photographs=str(tmp_path / "nowhere")), CPU)


def test_the_cache_holds_what_is_rendered(tmp_path: Path) -> None:
    fresh = ProceduralPool(SMALL, CPU)
    cached = replace(SMALL, cache=str(tmp_path))
    for _ in range(2):  # first written, then read
        pool = ProceduralPool(cached, CPU)
        for index in range(3):
            assert_same(pool[index], fresh[index])
    names = sorted(path.name for path in tmp_path.glob("*.safetensors"))
    assert names == [f"000000{seed}-3x16x32.safetensors" for seed in (5, 6, 7)]


def test_a_pool_ends() -> None:
    pool = ProceduralPool(SMALL, CPU)
    assert len(pool) == 3
    for index in (3, -1):
        with pytest.raises(IndexError, match=f"sequence {index} of 3"):
            pool[index]


def test_training_and_held_out_sequences_share_no_file(tmp_path: Path) -> None:
    config = small_config(tmp_path, held_out=2)
    for data in (config.data, config.held_out_data):
        pool = ProceduralPool(data, CPU)
        assert all(pool[index].images.shape[0] == 4 for index in range(len(pool)))
    seeds = sorted(int(path.name[:7]) for path in tmp_path.glob("*.safetensors"))
    assert seeds == [0, 1, 2, 3, HELD_OUT_SEED, HELD_OUT_SEED + 1]


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def shorten(path: Path) -> None:
    sequence = read_sequence(path, 3, 16, 32)
    write_sequence(path, sequence.frames(torch.tensor([0, 1])))


def poison(path: Path) -> None:
    sequence = read_sequence(path, 3, 16, 32)
    sequence.camera_to_world[1, 0, 3] = torch.nan
    write_sequence(path, sequence)


@pytest.mark.parametrize("spoil", [truncate, shorten, poison, lambda path: path.write_bytes(b"")])
def test_a_corrupt_sample_is_named_counted_and_rendered_anew(
    spoil: Callable[[Path], object],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    cached = replace(SMALL, cache=str(tmp_path))
    path = tmp_path / "0000006-3x16x32.safetensors"
    first = ProceduralPool(cached, CPU)[1]
    spoil(path)
    pool = ProceduralPool(cached, CPU)
    with caplog.at_level(logging.WARNING):
        assert_same(pool[1], first)
    assert pool.corrupt == 1
    assert str(path) in caplog.text
    assert_same(pool[1], first)
    assert pool.corrupt == 1


def test_a_cache_of_other_scenes_is_refused(tmp_path: Path) -> None:
    ProceduralPool(replace(SMALL, cache=str(tmp_path)), CPU)
    with pytest.raises(TrainingConfigError, match=r"5\.0, 30\.0.*not of.*9\.0, 9\.0.*another fold"):
        ProceduralPool(replace(SMALL, cache=str(tmp_path), frame_rate=(9.0, 9.0)), CPU)


def test_a_cache_whose_settings_are_damaged_is_refused(tmp_path: Path) -> None:
    (tmp_path / "settings.json").write_text('{"frame_ra')
    with pytest.raises(TrainingConfigError, match=r"settings\.json does not say what the cache"):
        ProceduralPool(replace(SMALL, cache=str(tmp_path)), CPU)
