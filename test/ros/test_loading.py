"""The settings become a reconstructor on its device."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from small_networks import SMALL_CONVOLUTIONAL, small_model

from mem4d_ros.model import PRESETS, Mem4D, MemorySizes
from mem4d_ros.model.checkpoint import save_checkpoint
from mem4d_ros.model.weights import packaged_weights
from mem4d_ros.ros.interface.settings import MemorySettings, ModelSettings, PoseSettings, Settings
from mem4d_ros.ros.loading import load_model


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a lite network, whose poses are its head's unless it is told them."""
    path = tmp_path_factory.mktemp("weights") / "lite.safetensors"
    save_checkpoint(path, Mem4D(PRESETS["lite"]))
    return path


def settings(checkpoint: Path, source: str) -> Settings:
    model = ModelSettings(checkpoint=str(checkpoint), device="cpu", image_size=64)
    return Settings(model=model, pose=PoseSettings(source=source))


def test_the_preset_is_known_by_its_sizes(checkpoint: Path) -> None:
    assert load_model(settings(checkpoint, "auto")).preset == "lite"


@pytest.mark.parametrize(
    ("source", "is_heads"), [("auto", False), ("head", True), ("geometry", False)]
)
def test_poses_come_from_where_the_settings_say(
    checkpoint: Path, source: str, is_heads: bool
) -> None:
    """The first pose is the origin for odometry; the head of random weights says another one."""
    online = load_model(settings(checkpoint, source)).reconstructor
    pose = online.process(np.zeros((48, 64, 3), np.uint8), 0).camera_to_world
    assert np.array_equal(pose, np.eye(4)) != is_heads


def test_without_a_checkpoint_the_packaged_weights_are_loaded() -> None:
    loaded = load_model(Settings(model=ModelSettings(device="cpu")))
    assert Path(loaded.checkpoint) == packaged_weights("lite")
    assert loaded.preset == "lite"


def test_random_weights_are_said_to_be_random() -> None:
    loaded = load_model(Settings(model=ModelSettings(checkpoint="random", device="cpu")))
    assert loaded.checkpoint == ""
    assert loaded.preset == "lite"


@pytest.mark.parametrize("image_size", [16, 64])
def test_a_loaded_model_has_taken_a_step_and_forgotten_it(
    checkpoint: Path, image_size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = []
    step = Mem4D.step
    monkeypatch.setattr(Mem4D, "step", lambda *args: steps.append(args[1].shape) or step(*args))
    model = ModelSettings(checkpoint=str(checkpoint), device="cpu", image_size=image_size)
    online = load_model(Settings(model=model)).reconstructor
    assert steps == [(1, 3, image_size, image_size)]
    assert online.structure_tokens() == 0


MADE_WITHOUT_TDM = MemorySizes(tca_window=3, tdm_size=0, psm_size=4)


@pytest.mark.parametrize(
    ("asked", "runs_with"),
    [
        (MemorySettings(), MADE_WITHOUT_TDM),
        (MemorySettings(tca_window=0, psm_size=9), MemorySizes(0, 0, 9)),
        (MemorySettings(tdm_size=2), MemorySizes(3, 2, 4)),
    ],
)
def test_memories_are_what_the_network_was_made_for_unless_others_are_asked_for(
    asked: MemorySettings, runs_with: MemorySizes, tmp_path: Path
) -> None:
    path = tmp_path / "without_tdm.safetensors"
    save_checkpoint(path, small_model(replace(SMALL_CONVOLUTIONAL, memory=MADE_WITHOUT_TDM)))
    loaded = load_model(replace(settings(path, "head"), memory=asked))
    assert loaded.reconstructor.memory == runs_with
    assert loaded.memory == MADE_WITHOUT_TDM


@pytest.mark.parametrize(("psm_update", "written"), [("every_frame", 3), ("keyframe", 1)])
def test_a_camera_at_rest_shows_nothing_new(
    checkpoint: Path, psm_update: str, written: int
) -> None:
    asked = replace(settings(checkpoint, "geometry"), memory=MemorySettings(psm_update=psm_update))
    online = load_model(asked).reconstructor
    for stamp in range(3):
        online.process(np.zeros((48, 64, 3), np.uint8), stamp)
    assert online.state.memory.structure.written == written
