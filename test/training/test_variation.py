"""Ranges of augmentation and of simulated evidence are refused where they cannot be."""

from __future__ import annotations

from typing import Any

import pytest

from mem4d_ros.training.config_errors import TrainingConfigError
from mem4d_ros.training.variation import AugmentationConfig, SimulatedEvidence


@pytest.mark.parametrize(
    ("kind", "values", "message"),
    [
        (AugmentationConfig, {"blur": -3.0}, "blur must be at least 0, got -3.0"),
        (AugmentationConfig, {"zoom": (0.5, 2.0)}, r"zoom must be a minimum of at least 1 and"),
        (AugmentationConfig, {"patches": 1.5}, "patches must be from 0 to 1, got 1.5"),
        (AugmentationConfig, {"vignette": float("nan")}, "vignette must be from 0 to 1"),
        (SimulatedEvidence, {"corners": (0, 400)}, "corners must be a minimum of at least 1"),
        (SimulatedEvidence, {"noise": (0.06, 0.02)}, "noise must be a minimum of at least 0"),
        (SimulatedEvidence, {"with_pose": -0.1}, "with_pose must be from 0 to 1, got -0.1"),
        (SimulatedEvidence, {"pose_rotation": -1.0}, "pose_rotation must be at least 0"),
    ],
)
def test_what_cannot_be_is_named(kind: type, values: dict[str, Any], message: str) -> None:
    with pytest.raises(TrainingConfigError, match=message):
        kind(**values)


def test_the_ends_of_a_range_may_be_equal() -> None:
    assert SimulatedEvidence(corners=(5, 5), outliers=0.0, with_pose=1.0).corners == (5, 5)
