"""Checkpoints: what goes in comes out, and what cannot be used says why in one error."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from mem4d_ros.model import Mem4D
from mem4d_ros.model.checkpoint import (
    CheckpointError,
    load_checkpoint,
    save_checkpoint,
)
from mem4d_ros.model.checkpoint_header import read_header


@pytest.fixture
def saved(vit_model: Mem4D, tmp_path: Path) -> Path:
    path = tmp_path / "small.safetensors"
    save_checkpoint(path, vit_model, notes={"trained": "never"})
    return path


def test_a_loaded_model_predicts_the_same(vit_model: Mem4D, saved: Path) -> None:
    loaded = load_checkpoint(saved)
    assert loaded.config == vit_model.config
    assert not loaded.training
    image = torch.rand(1, 3, 32, 48)
    with torch.inference_mode():
        expected, _ = vit_model.step(image, vit_model.initial_state())
        found, _ = loaded.step(image, loaded.initial_state())
    assert torch.equal(found.points_world, expected.points_world)


def test_loading_needs_no_compiler(saved: Path) -> None:
    """It would be loaded to draw first values that nobody asks for, for two seconds."""
    program = (
        "import sys; from mem4d_ros.model.checkpoint import load_checkpoint;"
        f"load_checkpoint({str(saved)!r}); print('torch._dynamo' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.strip() == "False", done.stderr


def test_notes_travel_with_the_weights(saved: Path) -> None:
    assert read_header(saved).notes["trained"] == "never"


def test_half_precision_halves_the_file_and_loads_as_float32(
    vit_model: Mem4D, saved: Path, tmp_path: Path
) -> None:
    half = tmp_path / "half.safetensors"
    save_checkpoint(half, vit_model, dtype=torch.float16)
    assert half.stat().st_size < 0.6 * saved.stat().st_size
    assert {w.dtype for w in load_checkpoint(half).parameters()} == {torch.float32}


def test_saving_leaves_nothing_but_the_file(saved: Path) -> None:
    assert [path.name for path in saved.parent.iterdir()] == [saved.name]


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"nowhere\.safetensors: no such checkpoint"):
        load_checkpoint(tmp_path / "nowhere.safetensors")


@pytest.mark.parametrize("kept", [0, 7, 0.5])
def test_a_truncated_file_is_named(saved: Path, kept: float) -> None:
    content = saved.read_bytes()
    saved.write_bytes(content[: int(len(content) * kept) if kept < 1 else int(kept)])
    with pytest.raises(CheckpointError, match="truncated"):
        load_checkpoint(saved)


def test_damaged_weights_are_named(saved: Path) -> None:
    content = bytearray(saved.read_bytes())
    content[-4000:] = b"\xff" * 4000
    saved.write_bytes(content)
    with pytest.raises(CheckpointError, match=r"holds NaN or infinity: the file is damaged"):
        load_checkpoint(saved)


def test_a_pickle_is_not_opened(tmp_path: Path) -> None:
    path = tmp_path / "model.pth"
    torch.save({"weights": torch.zeros(3)}, path)
    with pytest.raises(CheckpointError, match="not a safetensors file"):
        load_checkpoint(path)


def test_weights_without_a_config_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.safetensors"
    save_file({"w": torch.zeros(3)}, path)
    with pytest.raises(CheckpointError, match="no Mem4D checkpoint"):
        load_checkpoint(path)


def test_another_architecture_names_the_first_keys_that_differ(
    vit_model: Mem4D, tmp_path: Path
) -> None:
    path = tmp_path / "narrow.safetensors"
    config = replace(vit_model.config, mlp_ratio=2.0).to_dict()
    weights = {k: v.contiguous() for k, v in vit_model.state_dict().items()}
    save_file(weights, path, {"format": "mem4d/1", "config": json.dumps(config)})
    with pytest.raises(CheckpointError) as error:
        load_checkpoint(path)
    assert "decoder.motion_blocks.0.mlp.0.bias expected (64,), found (128,)" in str(error.value)
    assert len(str(error.value)) < 600


def test_a_config_with_unknown_keys_is_refused(vit_model: Mem4D, tmp_path: Path) -> None:
    path = tmp_path / "future.safetensors"
    config = {**vit_model.config.to_dict(), "quantum": True}
    save_file({"w": torch.zeros(1)}, path, {"format": "mem4d/1", "config": json.dumps(config)})
    with pytest.raises(CheckpointError, match=r"unknown key quantum"):
        load_checkpoint(path)
