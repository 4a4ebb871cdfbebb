"""Tensors are there as a whole or not at all."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from mem4d_ros.writing import write_tensors


def test_tensors_come_back(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    tensors = {"x": torch.arange(6).reshape(2, 3).T, "y": torch.tensor(3.5)}
    write_tensors(path, tensors)
    for name, value in load_file(path).items():
        assert torch.equal(value, tensors[name])
    assert os.listdir(tmp_path) == [path.name]


@pytest.mark.parametrize(
    "full",
    [OSError(errno.ENOSPC, "No space left on device"), SafetensorError("No space left on device")],
    ids=["by the system", "by safetensors"],
)
def test_a_full_disk_leaves_the_previous_file(
    full: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.safetensors"
    write_tensors(path, {"x": torch.ones(3)})

    def half_written(tensors: object, partial: Path, metadata: object) -> None:
        partial.write_bytes(b"half")
        raise full

    monkeypatch.setattr("mem4d_ros.writing.tensors.save_file", half_written)
    with pytest.raises(OSError, match="No space left on device"):
        write_tensors(path, {"x": torch.zeros(3)})
    assert torch.equal(load_file(path)["x"], torch.ones(3))
    assert os.listdir(tmp_path) == [path.name]


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="nowhere"):
        write_tensors(tmp_path / "nowhere" / "file", {"x": torch.ones(1)})


def test_others_can_read_it(tmp_path: Path) -> None:
    path, plain = tmp_path / "a.safetensors", tmp_path / "plain"
    write_tensors(path, {"x": torch.ones(1)})
    plain.touch()
    assert path.stat().st_mode == plain.stat().st_mode
