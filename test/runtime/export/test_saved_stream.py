"""A stream goes on from a file as if it had never stopped."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from small_networks import SMALL_CONVOLUTIONAL, SMALL_VIT, small_model

import mem4d_ros
from mem4d_ros.model import Mem4DConfig, MemorySizes
from mem4d_ros.runtime import OnlineReconstructor, Reconstruction, make_pose_source, prepare
from mem4d_ros.runtime.export.saved_stream import (
    SavedStream,
    SavedStreamError,
    load_stream,
    save_stream,
)
from mem4d_ros.runtime.pose_sources import MAKERS

CPU = torch.device("cpu")
FRAMES, STOP = 16, 11
MEMORY = MemorySizes(tca_window=3, tdm_size=2, psm_size=9)


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    """Views (T, H, W, 3) of a camera that moves along a wall on which corners can be tracked."""
    noise = np.random.default_rng(0).integers(0, 256, (12, 24, 3), np.uint8)
    wall = cv2.resize(noise, (96, 48), interpolation=cv2.INTER_CUBIC)
    return np.stack([wall[:, 2 * index : 2 * index + 64] for index in range(FRAMES)])


def reconstructor(
    config: Mem4DConfig, pose_source: str, precision: torch.dtype = torch.float32
) -> OnlineReconstructor:
    model = prepare(small_model(config), CPU, precision)
    source = make_pose_source(pose_source)
    return OnlineReconstructor(model, 64, MEMORY, precision=precision, pose_source=source)


def run(online: OnlineReconstructor, images: np.ndarray, start: int) -> list[Reconstruction]:
    return [online.process(image, start + i) for i, image in enumerate(images)]


@pytest.mark.parametrize(
    ("config", "pose_source", "precision"),
    [
        *((SMALL_VIT, source, torch.float32) for source in MAKERS),
        (SMALL_CONVOLUTIONAL, "geometry", torch.float32),
        (SMALL_CONVOLUTIONAL, "head", torch.bfloat16),
    ],
)
def test_what_follows_is_the_same_to_the_bit(
    config: Mem4DConfig,
    pose_source: str,
    precision: torch.dtype,
    images: np.ndarray,
    tmp_path: Path,
) -> None:
    expected = run(reconstructor(config, pose_source, precision), images, 0)
    stopped = reconstructor(config, pose_source, precision)
    run(stopped, images[:STOP], 0)
    save_stream(tmp_path / "state.pt", SavedStream(STOP, stopped.state))

    saved = load_stream(tmp_path / "state.pt", CPU)
    assert saved.frames == STOP
    resumed = reconstructor(config, pose_source, precision)
    resumed.restore(saved.state)
    assert resumed.occupancy() == stopped.occupancy()
    for one, other in zip(run(resumed, images[STOP:], STOP), expected[STOP:], strict=True):
        assert one.frame_index == other.frame_index
        for name in ("points_world", "confidence_world", "depth", "camera_to_world", "intrinsics"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


def test_a_stream_that_has_seen_nothing_but_black_goes_on(tmp_path: Path) -> None:
    """Its map has a keyframe without landmarks."""
    online = reconstructor(SMALL_VIT, "geometry")
    run(online, np.zeros((2, 48, 64, 3), np.uint8), 0)
    save_stream(tmp_path / "state.pt", SavedStream(2, online.state))
    assert load_stream(tmp_path / "state.pt", CPU).frames == 2


def test_without_the_state_it_would_differ(images: np.ndarray) -> None:
    whole = run(reconstructor(SMALL_VIT, "head"), images, 0)[STOP]
    (alone,) = run(reconstructor(SMALL_VIT, "head"), images[STOP : STOP + 1], STOP)
    assert np.abs(alone.depth - whole.depth).max() > 1e-4


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def nonsense(path: Path) -> None:
    path.write_bytes(b"nonsense" * 10)


def of_another_kind(path: Path) -> None:
    torch.save({"a": torch.zeros(1)}, path)


def harmful(path: Path) -> None:
    torch.save({"version": mem4d_ros.__version__, "frames": 1, "state": Path("/")}, path)


@pytest.mark.parametrize("damage", [cut_short, nonsense, of_another_kind, harmful])
def test_a_broken_state_is_named(damage: Callable[[Path], None], tmp_path: Path) -> None:
    path = tmp_path / "state.pt"
    save_stream(path, SavedStream(0, reconstructor(SMALL_VIT, "head").state))
    damage(path)
    with pytest.raises(SavedStreamError, match=r"state\.pt is no whole state: delete it"):
        load_stream(path, CPU)


def test_a_state_of_another_version_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "state.pt"
    monkeypatch.setattr(mem4d_ros, "__version__", "0.0.1")
    save_stream(path, SavedStream(0, reconstructor(SMALL_VIT, "head").state))
    monkeypatch.undo()
    with pytest.raises(SavedStreamError, match=r"written by mem4d_ros 0\.0\.1"):
        load_stream(path, CPU)
