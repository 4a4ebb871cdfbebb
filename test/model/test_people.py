"""The head that tells people: patch by patch, kept beside a checkpoint."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from mem4d_ros.model import PRESETS
from mem4d_ros.model.checkpoint_header import CheckpointError
from mem4d_ros.model.people import PeopleHead, load_people, people_beside, save_people
from mem4d_ros.model.weights import packaged_weights

WIDTH = 12


def test_it_is_a_function_of_each_patch() -> None:
    head, features = PeopleHead(WIDTH), torch.randn(2, WIDTH, 3, 4)
    found = head(features)
    assert found.shape == (2, 3, 4)
    alone = head(features[1:, :, 2:, 3:])
    torch.testing.assert_close(found[1:, 2:, 3:], alone)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    head, features = PeopleHead(WIDTH), torch.randn(1, WIDTH, 3, 4)
    path = tmp_path / "own_people.safetensors"
    save_people(path, head)
    assert people_beside(tmp_path / "own.safetensors") == path
    assert people_beside(tmp_path / "other.safetensors") is None
    torch.testing.assert_close(load_people(path, WIDTH)(features), head(features))


def test_a_file_that_is_no_head_of_the_network_is_an_error_that_names_it(tmp_path: Path) -> None:
    path = tmp_path / "own_people.safetensors"
    save_people(path, PeopleHead(WIDTH))
    with pytest.raises(CheckpointError, match=r"own_people.* 160 channels"):
        load_people(path, 160)
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(CheckpointError, match="own_people"):
        load_people(path, WIDTH)


def test_lite_comes_with_one() -> None:
    weights = packaged_weights("lite")
    assert weights is not None
    path = people_beside(weights)
    assert path is not None
    assert path.stat().st_size < 100e3
    load_people(path, PRESETS["lite"].width)
