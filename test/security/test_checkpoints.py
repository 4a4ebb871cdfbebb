"""Weights are safetensors: a pickle is refused unread, and a header that lies costs nothing."""

from __future__ import annotations

import os
import pickle
import struct
from pathlib import Path

import pytest
import torch
from small_networks import SMALL_VIT, small_model

from mem4d_ros.model.checkpoint import CheckpointError, load_checkpoint, save_checkpoint


class Payload:
    """Makes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple:
        return os.mkdir, (str(self.path),)


@pytest.fixture
def refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever reads a pickle fails the test."""

    def never(*args: object, **more: object) -> None:
        pytest.fail("a pickle was read")

    for module in (pickle, torch):
        monkeypatch.setattr(module, "load", never)
    monkeypatch.setattr(pickle, "loads", never)


@pytest.mark.parametrize("suffix", [".safetensors", ".pth", ".pkl"])
@pytest.mark.parametrize("writer", ["pickle", "torch", "torch, old format"])
@pytest.mark.usefixtures("refused")
def test_a_pickle_is_refused_unread(tmp_path: Path, suffix: str, writer: str) -> None:
    harm = tmp_path / "harm"
    path = tmp_path / f"weights{suffix}"
    if writer == "pickle":
        path.write_bytes(pickle.dumps(Payload(harm)))
    else:
        torch.save(Payload(harm), path, _use_new_zipfile_serialization=writer == "torch")
    with pytest.raises(CheckpointError, match="not a safetensors file"):
        load_checkpoint(path)
    assert not harm.exists()


@pytest.mark.parametrize("length", [0, 2**20, 2**40, 2**63 - 1, 2**64 - 1])
def test_a_header_longer_than_the_file_is_refused(tmp_path: Path, length: int) -> None:
    path = tmp_path / "weights.safetensors"
    path.write_bytes(struct.pack("<Q", length) + b'{"a":{"dtype":"F32"}}')
    with pytest.raises(CheckpointError, match="not a safetensors file"):
        load_checkpoint(path)


def test_tensors_outside_of_the_file_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    save_checkpoint(path, small_model(SMALL_VIT))
    path.write_bytes(path.read_bytes()[:-4])
    with pytest.raises(CheckpointError, match="truncated"):
        load_checkpoint(path)
