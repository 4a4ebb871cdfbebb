"""A checkpoint that is whole, and those that are not."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest
import torch
from small_networks import SMALL_VIT, small_model

from mem4d_ros.doctor.weights import SUMS, check_weights, expected_digest
from mem4d_ros.model.checkpoint import save_checkpoint
from mem4d_ros.model.weights import packaged_weights

LITE = packaged_weights("lite")
assert LITE is not None


@pytest.fixture
def packed(tmp_path: Path) -> Path:
    """A copy of the package's weights."""
    shutil.copy(LITE, tmp_path)
    shutil.copy(LITE.with_name(SUMS), tmp_path)
    return tmp_path / LITE.name


def test_the_sum_of_a_file_is_found() -> None:
    assert expected_digest(LITE) == hashlib.sha256(LITE.read_bytes()).hexdigest()


def test_the_weights_of_the_package_are_well() -> None:
    finding = check_weights(LITE, "lite")
    assert finding.level == "ok"
    assert "as packed: lite" in finding.summary


def test_one_bit_is_noticed(packed: Path) -> None:
    content = bytearray(packed.read_bytes())
    content[-1000] ^= 1
    packed.write_bytes(content)
    finding = check_weights(packed, "lite")
    assert finding.level == "error"
    assert "SHA-256" in finding.summary


def test_a_file_of_which_nothing_is_known_is_read(tmp_path: Path) -> None:
    path = tmp_path / "mine.safetensors"
    save_checkpoint(path, small_model(SMALL_VIT))
    finding = check_weights(path, "lite")
    assert finding.level == "ok"
    assert "of your own: a network of your own" in finding.summary
    path.write_bytes(path.read_bytes()[:-100])
    finding = check_weights(path, "lite")
    assert finding.level == "error"
    assert "truncated" in finding.summary


def test_numbers_that_are_not_finite(tmp_path: Path) -> None:
    path = tmp_path / "burst.safetensors"
    model = small_model(SMALL_VIT)
    name, weight = next(iter(model.named_parameters()))
    with torch.no_grad():
        weight.view(-1)[3] = torch.nan
    save_checkpoint(path, model)
    finding = check_weights(path, "lite")
    assert finding.level == "error"
    assert f"{name} holds NaN or infinity" in finding.summary


def test_what_is_no_checkpoint(tmp_path: Path) -> None:
    pointer = tmp_path / "lite.safetensors"
    pointer.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:61fe\nsize 1\n")
    assert check_weights(pointer, "lite").remedy == "git lfs pull"
    assert "is not there" in check_weights(tmp_path / "none.safetensors", "lite").summary


def test_a_preset_without_weights_is_a_warning() -> None:
    assert check_weights(None, "large").level == "warning"
