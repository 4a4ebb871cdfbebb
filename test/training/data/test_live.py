"""Clips of what is there, while more arrives; what is for measuring is never among them."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from made_up_clips import HEIGHT, WIDTH, make_sequence

from mem4d_ros.training.config_errors import TrainingConfigError
from mem4d_ros.training.data.live import LiveClips
from mem4d_ros.training.data.packed import write_packed
from mem4d_ros.training.data.sequences import write_sequence
from mem4d_ros.training.data_config import DataConfig, LiveConfig

CPU = torch.device("cpu")


@pytest.fixture
def config(tmp_path: Path) -> LiveConfig:
    recordings, rendered = tmp_path / "recordings", tmp_path / "rendered"
    recordings.mkdir()
    (rendered / "held_out").mkdir(parents=True)
    write_packed(recordings / "a.packed.safetensors", make_sequence(20), (HEIGHT, WIDTH), 95)
    return LiveConfig(
        str(recordings), str(rendered), {"recorded": 0.5, "mesh": 0.5}, 100, HEIGHT, WIDTH,
        enough=1, held_out=0.25, held_out_frames=5,
    )  # fmt: skip


def drawn_until(source: LiveClips, kinds: set[str]) -> None:
    """Draw until these kinds have arrived."""
    end = time.monotonic() + 20
    while set(source.sizes()) != kinds and time.monotonic() < end:
        source.draw(1, 1, np.random.default_rng(0))
        time.sleep(0.05)
    assert set(source.sizes()) == kinds


def test_recordings_are_there_from_the_start_but_for_their_end(config: LiveConfig) -> None:
    source = LiveClips(config, 5, CPU)
    clips = source.draw(300, 2, np.random.default_rng(0))
    known = make_sequence(20).camera_to_world
    from_the_end = (clips.camera_to_world[:, :, None] == known[15:]).flatten(3).all(-1)
    assert not from_the_end.any()
    assert source.sizes() == {"recorded": 15}
    (held_out,) = source.held_out(DataConfig(height=HEIGHT, width=WIDTH))["recorded"]
    assert torch.equal(held_out.camera_to_world, known[None, 15:])


def test_renderings_arrive_and_their_files_leave(config: LiveConfig) -> None:
    source = LiveClips(config, 5, CPU)
    folder = Path(str(config.rendered))
    write_sequence(folder / "mesh-7.safetensors", make_sequence(4, 7))
    drawn_until(source, {"recorded", "mesh"})
    assert source.sizes()["mesh"] == 4
    assert not list(folder.glob("*.safetensors"))


def test_a_broken_file_is_skipped_and_counted(
    config: LiveConfig, caplog: pytest.LogCaptureFixture
) -> None:
    folder = Path(str(config.rendered))
    (folder / "mesh-1.safetensors").write_bytes(b"nothing")
    write_sequence(folder / "mesh-2.safetensors", make_sequence(4, 2))
    source = LiveClips(config, 5, CPU)
    drawn_until(source, {"recorded", "mesh"})
    assert source.corrupt == 1
    assert "mesh-1" in caplog.text


def test_scenes_for_measuring_stay_apart(config: LiveConfig) -> None:
    folder = Path(str(config.rendered)) / "held_out"
    write_sequence(folder / "mesh-1000000.safetensors", make_sequence(10, 3))
    source = LiveClips(config, 5, CPU)
    sets = source.held_out(DataConfig(height=HEIGHT, width=WIDTH))
    assert set(sets) == {"recorded", "mesh"}
    assert [clips.images.shape for clips in sets["mesh"]] == [(1, 5, 3, HEIGHT, WIDTH)] * 2
    assert set(source.sizes()) == {"recorded"}


def test_it_waits_for_renderings_only_if_it_must(config: LiveConfig) -> None:
    """Without recordings the first clip has to be rendered."""
    write_sequence(Path(str(config.rendered)) / "mesh-1.safetensors", make_sequence(6))
    source = LiveClips(replace(config, recordings=None), 6, CPU)
    assert source.draw(2, 6, np.random.default_rng(0)).images.shape[:2] == (2, 6)


def test_what_is_missing_is_named(config: LiveConfig, tmp_path: Path) -> None:
    with pytest.raises(TrainingConfigError, match=r"has no packed recordings; make them by"):
        LiveClips(replace(config, recordings=str(tmp_path)), 5, CPU)
    with pytest.raises(TrainingConfigError, match=r"is no folder; start .*rendering first"):
        LiveClips(replace(config, rendered=str(tmp_path / "no")), 5, CPU)
    with pytest.raises(TrainingConfigError, match="no sequence of 16 frames"):
        LiveClips(replace(config, rendered=None), 16, CPU)
    with pytest.raises(TrainingConfigError, match="live needs recordings or rendered"):
        LiveConfig()


def test_packed_renderings_are_of_their_kind_and_whole(config: LiveConfig) -> None:
    folder = Path(str(config.recordings))
    write_packed(folder / "mesh-0000001.packed.safetensors", make_sequence(8, 1), (16, 32), 95)
    (folder / "held_out").mkdir()
    held_out = folder / "held_out" / "mesh-1000000.packed.safetensors"
    write_packed(held_out, make_sequence(5, 2), (16, 32), 95)
    alone = replace(config, rendered=None)
    source = LiveClips(alone, 5, CPU)
    assert source.sizes() == {"recorded": 15, "mesh": 8}
    assert set(source.held_out(DataConfig(height=HEIGHT, width=WIDTH))) == {"recorded", "mesh"}
    drawn = source.draw(9, 3, np.random.default_rng(4))
    same = LiveClips(alone, 5, CPU).draw(9, 3, np.random.default_rng(4))
    for name, value in vars(drawn).items():
        torch.testing.assert_close(getattr(same, name), value, equal_nan=True, msg=name)
