"""A run goes on with the config that it was begun with, but for what does no harm."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from small_training import small_config

from mem4d_ros.training.config import TrainingConfig
from mem4d_ros.training.run_state import RunStateError
from mem4d_ros.training.same_run import require_same_run

DATA = {"pool": 4, "frames": 4, "height": 32, "width": 48}


def saved(folder: Path, config: TrainingConfig) -> Path:
    path = folder / "config.json"
    path.write_text(json.dumps(config.to_dict()))
    return path


def test_the_same_config_is_the_same_run(tmp_path: Path) -> None:
    config = small_config(tmp_path)
    require_same_run(saved(tmp_path, config), config)


def test_where_no_config_was_saved_there_is_none_to_compare(tmp_path: Path) -> None:
    require_same_run(tmp_path / "config.json", small_config(tmp_path))


@pytest.mark.parametrize(
    "change",
    [
        {"cycles": 3},
        {"learning_rate": 1e-4, "clip": 0.5},
        {"report_every": 5, "checkpoint_every": 7, "evaluate_every": 9, "held_out": 2},
        {"precision": "fp32", "activation_checkpointing": True, "cuda_graphs": True},
        {"data": {**DATA, "cache": "elsewhere"}},
        {"initial_checkpoint": "a.safetensors", "encoder": "b.safetensors"},
    ],
    ids=lambda change: " ".join(change),
)
def test_what_does_not_change_what_is_learned_may_change(
    change: dict[str, Any], tmp_path: Path
) -> None:
    path = saved(tmp_path, small_config(tmp_path))
    require_same_run(path, small_config(tmp_path, **change))


@pytest.mark.parametrize(
    ("change", "keys"),
    [
        ({"average": 0.9}, "average"),
        ({"optimizer": "muon", "weight_decay": 0.0}, "optimizer, weight_decay"),
        ({"data": {**DATA, "pool": 5}}, r"data\.pool"),
        ({"stages": [{"steps": 4}, {"steps": 2}], "data": {**DATA, "frames": 11}}, "data"),
        ({"stages": [{"steps": 9, "frames": [2, 3], "batch": 2}]}, "stages"),
        ({"memory": {"tdm_size": 0}}, "memory"),
        ({"seconds": 60.0}, "seconds"),
    ],
)
def test_what_does_is_named_and_refused(change: dict[str, Any], keys: str, tmp_path: Path) -> None:
    path = saved(tmp_path, small_config(tmp_path))
    with pytest.raises(RunStateError, match=rf"config\.json: .* other values of {keys}.*: start"):
        require_same_run(path, small_config(tmp_path, **change))


def test_a_value_within_a_stage_is_named(tmp_path: Path) -> None:
    stages = [{"steps": 4, "frames": [2, 3], "batch": 2}, {"steps": 2, "frames": [4, 4]}]
    path = saved(tmp_path, small_config(tmp_path, stages=stages))
    longer = [stages[0], {**stages[1], "steps": 3}]
    with pytest.raises(RunStateError, match=r"values of stages\.1\.steps:"):
        require_same_run(path, small_config(tmp_path, stages=longer))


def test_a_run_by_the_clock_may_be_given_more_time(tmp_path: Path) -> None:
    path = saved(tmp_path, small_config(tmp_path, seconds=60.0))
    require_same_run(path, small_config(tmp_path, seconds=90.0))


@pytest.mark.parametrize("text", ["{", "[1]", '{"pset": "lite"}'])
def test_a_file_of_another_kind_is_named(text: str, tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text(text)
    with pytest.raises(RunStateError, match=r"config\.json: is not the config of a training run"):
        require_same_run(path, small_config(tmp_path))
