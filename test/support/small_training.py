"""A training run that takes seconds: a small network on small procedural scenes."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from small_networks import SMALL_CONVOLUTIONAL, SMALL_VIT

from mem4d_ros.model.config import EvidenceConfig
from mem4d_ros.training.config import TrainingConfig

WITH_EVIDENCE: dict[str, Any] = {
    "network": json.loads(
        json.dumps(
            replace(SMALL_CONVOLUTIONAL, evidence=EvidenceConfig(widths=(4, 6, 8))).to_dict()
        )
    ),
    "evidence": {},
}
"""Changes to :func:`small_run`: a network that takes evidence, and evidence for it."""


def small_run(cache: Path, **changes: Any) -> dict[str, Any]:
    """Plain data of a config, as a YAML file would hold it; the top-level `changes` replace it."""
    return {
        "network": json.loads(json.dumps(SMALL_VIT.to_dict())),
        "encoder": None,
        "freeze_encoder": False,
        "data": {"pool": 4, "frames": 4, "height": 32, "width": 48, "cache": str(cache)},
        "stages": [{"steps": 4, "frames": [2, 3], "batch": 2}, {"steps": 2, "frames": [4, 4]}],
        "warm_up": 2,
        "learning_rate": 1e-3,
        "checkpoint_every": 2,
        "evaluate_every": 3,
        "held_out": 0,
        **changes,
    }


def small_config(cache: Path, **changes: Any) -> TrainingConfig:
    """The config of :func:`small_run`."""
    return TrainingConfig.from_dict(small_run(cache, **changes))
