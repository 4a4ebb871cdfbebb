"""Sources of a run's clips, by its config."""

from __future__ import annotations

import torch

from mem4d_ros.training.config import TrainingConfig
from mem4d_ros.training.data.batches import ClipSource, PooledClips
from mem4d_ros.training.data.live import LiveClips
from mem4d_ros.training.data.pools import training_pool


def open_source(config: TrainingConfig, device: torch.device) -> ClipSource:
    """The live source, if `data.live` describes one, otherwise the reproducible pools.

    Raises:
        TrainingConfigError: a folder is not there, or holds something else.
    """
    if config.data.live is not None:
        longest = max(stage.frames[1] for stage in config.stages)
        return LiveClips(config.data.live, longest, device)
    return PooledClips(training_pool(config.data, device), device)
