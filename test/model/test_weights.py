"""The weights that come with the package fit their preset and the package's limits."""

from __future__ import annotations

from mem4d_ros.model import PRESETS
from mem4d_ros.model.checkpoint import load_checkpoint
from mem4d_ros.model.weights import packaged_weights


def test_lite_comes_with_weights_of_its_preset_in_32_megabytes() -> None:
    path = packaged_weights("lite")
    assert path is not None
    assert path.stat().st_size <= 32e6
    assert load_checkpoint(path).config == PRESETS["lite"]


def test_a_preset_without_weights_has_none() -> None:
    assert packaged_weights("large") is None
