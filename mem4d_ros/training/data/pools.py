"""All that a run trains on as one pool."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import torch

from mem4d_ros.training.data.procedural import ProceduralPool
from mem4d_ros.training.data.recordings import open_recordings
from mem4d_ros.training.data.sequences import CorruptSequence, SequencePool, StoredSequence
from mem4d_ros.training.data_config import DataConfig

_logger = logging.getLogger(__name__)


def training_pool(config: DataConfig, device: torch.device) -> SequencePool:
    """The procedural sequences of `config`, then its recordings.

    Raises:
        TrainingConfigError: a folder is not there, or holds something else.
    """
    procedural = [ProceduralPool(config, device)] if config.pool else []
    recorded = [pool for each in config.recordings for pool in open_recordings(each, config)]
    return JoinedPool([*procedural, *recorded])


class JoinedPool:
    """Pools one after the other; in the place of a corrupt sequence comes the one after it."""

    def __init__(self, pools: Sequence[SequencePool]) -> None:
        self._pools = pools
        self._skipped: set[int] = set()

    @property
    def corrupt(self) -> int:
        """Number of sequences that were made again or skipped."""
        return len(self._skipped) + sum(pool.corrupt for pool in self._pools)

    def __len__(self) -> int:
        return sum(len(pool) for pool in self._pools)

    def __getitem__(self, index: int) -> StoredSequence:
        """Raises CorruptSequence if there is no other."""
        if not 0 <= index < len(self):
            raise IndexError(f"sequence {index} of {len(self)}")
        for candidate in (*range(index, len(self)), *range(index)):
            if candidate not in self._skipped:
                try:
                    return self._get(candidate)
                except CorruptSequence as error:
                    _logger.warning("corrupt sample, skipped: %s", error)
                    self._skipped.add(candidate)
        raise CorruptSequence("every sequence of the data is corrupt")

    def _get(self, index: int) -> StoredSequence:
        for pool in self._pools:
            if index < len(pool):
                return pool[index]
            index -= len(pool)
        raise IndexError(index)
