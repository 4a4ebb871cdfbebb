"""Sizes are data: checked when built, carried through JSON unchanged."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from mem4d_ros.model import PRESETS, Mem4D, Mem4DConfig, MemorySizes
from mem4d_ros.model.config import CompressionTier, StructureMemoryConfig


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_a_config_survives_json(name: str) -> None:
    config = PRESETS[name]
    assert Mem4DConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config


def test_large_has_the_sizes_of_the_paper() -> None:
    large = PRESETS["large"]
    assert (large.encoder.width, large.encoder.depth, large.encoder.heads) == (1024, 24, 16)
    assert large.width == 768
    assert large.memory == MemorySizes(tca_window=5, tdm_size=2, psm_size=100)


def test_lite_has_at_most_16_million_parameters() -> None:
    parameters = sum(weight.numel() for weight in Mem4D(PRESETS["lite"]).parameters())
    assert parameters <= 16_000_000


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"wdith": 3}, "unknown key wdith"),
        ({"readout": {"repetitons": 3}}, "readout.repetitons"),
        ({"readout": 6}, "readout must be a table"),
        ({"encoder": {"kind": "resnet"}}, "encoder.kind"),
        ({"memory": {"psm_size": 0}}, "psm_size"),
        ({"rope_dims": [8, 12]}, "rope_dims must be a list of 3"),
    ],
)
def test_a_wrong_key_is_named(change: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Mem4DConfig.from_dict({**PRESETS["large"].to_dict(), **change})


@pytest.mark.parametrize("sizes", [(-1, 2, 100), (5, -1, 100), (5, 2, 0), (5, 2.5, 100)])
def test_impossible_memory_sizes_are_refused(sizes: tuple) -> None:
    with pytest.raises(ValueError, match="must be an integer of at least"):
        MemorySizes(*sizes)


def test_rope_dimensions_must_fill_a_head() -> None:
    with pytest.raises(ValueError, match="head dimension"):
        replace(PRESETS["large"], rope_dims=(16, 16, 16))


def test_compression_tiers_must_nest() -> None:
    with pytest.raises(ValueError, match="divide"):
        StructureMemoryConfig(
            tiers=(
                CompressionTier(0, (1, 1, 1)),
                CompressionTier(4, (2, 2, 2)),
                CompressionTier(9, (3, 4, 4)),
            )
        )


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_a_config_that_still_names_a_source_of_poses_is_read(name: str) -> None:
    data = {**PRESETS[name].to_dict(), "pose_source": "pnp"}
    assert Mem4DConfig.from_dict(data) == PRESETS[name]
