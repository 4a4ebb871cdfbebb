"""Names become a network on its device, with its weights."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from small_networks import SMALL_CONVOLUTIONAL, small_model

from mem4d_ros.model import PRESETS, MemorySizes
from mem4d_ros.model.checkpoint import CheckpointError, save_checkpoint
from mem4d_ros.model.weights import packaged_weights
from mem4d_ros.runtime import DeviceUnavailable
from mem4d_ros.runtime.loading import RANDOM_WEIGHTS, load_network


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "small.safetensors"
    save_checkpoint(path, small_model(SMALL_CONVOLUTIONAL))
    return path


def test_a_checkpoint_is_read_with_its_own_sizes(file: Path) -> None:
    network = load_network(str(file), "lite", "cpu", "fp32")
    assert network.model.config == SMALL_CONVOLUTIONAL
    assert (network.checkpoint, network.device.type) == (file, "cpu")
    assert network.precision == torch.float32
    assert not network.model.training


def test_without_a_name_the_packaged_weights_are_read() -> None:
    network = load_network("", "lite", "cpu", "fp32")
    assert network.checkpoint == packaged_weights("lite")
    assert network.model.config == PRESETS["lite"]


def test_random_weights_depend_on_their_seed_alone() -> None:
    first, same, other = (
        load_network(RANDOM_WEIGHTS, "lite", "cpu", "fp32", seed).model.state_dict()
        for seed in (1, 1, 2)
    )
    assert all(torch.equal(first[name], same[name]) for name in first)
    assert not all(torch.equal(first[name], other[name]) for name in first)


def test_a_reconstructor_takes_the_networks_sizes_or_those_asked_for(file: Path) -> None:
    network = load_network(str(file), "lite", "cpu", "fp32")
    assert network.reconstructor("head").memory == SMALL_CONVOLUTIONAL.memory
    asked = replace(SMALL_CONVOLUTIONAL.memory, psm_size=3)
    smaller = network.reconstructor("head", image_size=32, memory=asked)
    assert smaller.memory == MemorySizes(5, 2, 3)
    wide = np.zeros((32, 96, 3), np.uint8)
    assert smaller.process(wide[:, :64], 0).image.shape == (16, 32, 3)
    # 64 px are for 4:3 (12 patches); a wide image has as many.
    assert network.reconstructor("head").process(wide, 0).image.shape == (32, 96, 3)


@pytest.mark.parametrize(
    ("checkpoint", "device", "error"),
    [("none.safetensors", "cpu", CheckpointError), ("", "abacus", DeviceUnavailable)],
)
def test_what_cannot_be_had_is_refused(
    checkpoint: str, device: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        load_network(checkpoint, "lite", device, "fp32")
