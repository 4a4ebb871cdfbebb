"""A config says what it means, and what is wrong with it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from small_networks import SMALL_VIT
from small_training import small_config

from mem4d_ros.model import PRESETS, MemorySizes
from mem4d_ros.synthetic.seeds import HELD_OUT_SEED
from mem4d_ros.training.config import StageConfig, TrainingConfig
from mem4d_ros.training.config_errors import TrainingConfigError
from mem4d_ros.training.data_config import DataConfig

SHIPPED = sorted((Path(__file__).parents[2] / "training").glob("*.yaml"))


def test_plain_data_is_inverted(tmp_path: Path) -> None:
    config = small_config(tmp_path, memory={"tdm_size": 0})
    assert TrainingConfig.from_dict(yaml.safe_load(yaml.safe_dump(config.to_dict()))) == config


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_shipped_configs_are_sound(path: Path) -> None:
    config = TrainingConfig.load(path)
    assert config.model.patch_size == 16
    log = path.with_suffix(".jsonl")
    if log.exists():  # the record of a finished run
        assert config.steps == len(log.read_text().splitlines())
    else:
        assert config.steps >= 100


def test_there_are_shipped_configs() -> None:
    assert {path.stem for path in SHIPPED} >= {"lite_cpu", "lite_gpu", "large_paper"}


def test_the_defaults_are_sound() -> None:
    assert TrainingConfig.from_dict({}) == TrainingConfig()


def test_the_network_is_the_presets_but_for_what_is_given() -> None:
    readout = {"readout": {"repetitions": 3}, "head": {"taps": [0, 1, 2, 3]}}
    config = TrainingConfig(preset="large", network=readout)
    assert config.model.readout.repetitions == 3
    assert (
        replace(config.model, readout=PRESETS["large"].readout, head=PRESETS["large"].head)
        == (PRESETS["large"])
    )


def test_memory_overrides_the_networks() -> None:
    network = SMALL_VIT.to_dict()
    assert TrainingConfig(network=network).model == SMALL_VIT
    sizes = MemorySizes(tca_window=0, tdm_size=1, psm_size=2)
    assert TrainingConfig(network=network, memory=sizes).model.memory == sizes


def test_stages_follow_each_other() -> None:
    first, second = StageConfig(2), StageConfig(3, batch=1)
    config = TrainingConfig(stages=(first, second))
    assert config.steps == 5
    assert [config.stage_at(step) for step in range(5)] == [first] * 2 + [second] * 3
    twice = replace(config, cycles=2)
    assert twice.steps == 10
    assert [twice.stage_at(step) for step in range(5, 10)] == [first] * 2 + [second] * 3
    with pytest.raises(IndexError, match="beyond"):
        twice.stage_at(10)


def test_held_out_scenes_are_never_trained_on() -> None:
    largest = TrainingConfig(data=DataConfig(pool=HELD_OUT_SEED // 2, seed=HELD_OUT_SEED // 2))
    last_trained = largest.data.seed + largest.data.pool - 1
    assert last_trained < largest.held_out_data.seed
    with pytest.raises(TrainingConfigError, match="held-out scenes, which begin at 1000000"):
        replace(largest, data=replace(largest.data, seed=largest.data.seed + 1))


def test_held_out_scenes_look_like_those_trained_on() -> None:
    config = TrainingConfig(held_out=7)
    held_out = config.held_out_data
    assert held_out.pool == 7
    assert replace(held_out, pool=config.data.pool, seed=config.data.seed) == config.data


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("preset: huge", "preset must be one of"),
        ("lerning_rate: 1", "unknown key lerning_rate; known: activation_checkpointing"),
        ("data: {pols: 3}", "unknown key data.pols; known: augmentation, cache"),
        ("stages: [{steps: 3, lenght: 2}]", "unknown key stages.0.lenght"),
        ("stages: [{frames: [2, 2]}]", "stages.0.steps is missing"),
        ("stages: []", "stages must name at least one"),
        ("stages: [{steps: 3, frames: [3, 2]}]", "stages.0: frames must be (minimum, maximum)"),
        ("stages: [{steps: 3, frames: [11, 48]}]", "runs of 48 frames, more than the 11"),
        ("learning_rate: fast", "learning_rate must be a number"),
        ("learning_rate: 0", "learning_rate must be more than 0"),
        ("clip: -1", "clip must be more than 0"),
        ("precision: fp16", "precision must be one of"),
        ("encoder: null", "freeze_encoder would keep random weights"),
        ("encoder: 3", "encoder must be a text"),
        ("evaluate_every: 0", "evaluate_every must be at least 1"),
        ("data: {pool: 0}", "data: pool must be at least 1"),
        ("data: {height: 100}", "data.height must be a multiple of the network's patch of 16"),
        ("data: {frame_rate: [30, 5]}", "data: frame_rate must be the slowest and the fastest"),
        ("data: {frames: 2}\nstages: [{steps: 3, frames: [2, 2]}]", "frames must be at least 3"),
        ("network: {depth: 3}", "network: unknown key depth"),
        ("network: {width: 101}", "network: width 101"),
        ("memory: {psm_size: 0}", "memory: psm_size must be an integer of at least 1"),
        ("- 1", "must be a table"),
        ("", "must be a table"),
        ("preset: [", "is no YAML"),
    ],
)
def test_what_is_wrong_is_named_with_its_file(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "run.yaml"
    path.write_text(text)
    with pytest.raises(TrainingConfigError) as error:
        TrainingConfig.load(path)
    assert str(error.value).startswith(f"{path}: ")
    assert message in str(error.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(TrainingConfigError, match=r"nowhere\.yaml cannot be read: No such file"):
        TrainingConfig.load(tmp_path / "nowhere.yaml")


def test_single_values_can_be_changed(tmp_path: Path) -> None:
    path = tmp_path / "run.yaml"
    path.write_text("data: {frames: 48}\nstages: [{steps: 5}, {steps: 6, frames: [11, 48]}]")
    changes = ["memory.tdm_size=0", "losses.relative_pose=0", "stages.1.frames=[11, 11]"]
    config = TrainingConfig.load(path, changes)
    assert config.model.memory.tdm_size == 0
    assert config.losses.relative_pose == 0
    assert [stage.frames for stage in config.stages] == [(11, 11), (11, 11)]
    assert config.steps == 11


@pytest.mark.parametrize("change", ["memory", "stages.7.steps=3", "seed.x=3", "stages.one.steps=3"])
def test_a_change_that_does_not_fit_is_named(change: str, tmp_path: Path) -> None:
    path = tmp_path / "run.yaml"
    path.write_text("seed: 1\nstages: [{steps: 3}]")
    with pytest.raises(TrainingConfigError, match=f"cannot set '{change}'"):
        TrainingConfig.load(path, [change])
