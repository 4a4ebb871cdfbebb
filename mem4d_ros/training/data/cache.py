"""Sequences kept on disk; what is missing or corrupt is made."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

from mem4d_ros.training.data.sequences import (
    CorruptSequence,
    StoredSequence,
    read_sequence,
    write_sequence,
)
from mem4d_ros.training.data_config import DataConfig

_logger = logging.getLogger(__name__)


class SequenceCache:
    """The sequences of one size in a folder, by name.

    Attributes:
        corrupt: how many files were made anew.
    """

    def __init__(self, folder: Path, size: DataConfig) -> None:
        self.corrupt = 0
        self._folder = folder
        self._size = (size.frames, size.height, size.width)
        folder.mkdir(parents=True, exist_ok=True)

    def get(self, name: str, make: Callable[[], StoredSequence]) -> StoredSequence:
        """The sequence `name`, which `make` makes; a corrupt file is named in the log."""
        path = self._folder / f"{name}-{'x'.join(map(str, self._size))}.safetensors"
        if path.exists():
            try:
                return read_sequence(path, *self._size)
            except CorruptSequence as error:
                _logger.warning("corrupt sample, made anew: %s", error)
                self.corrupt += 1
        sequence = make()
        write_sequence(path, sequence)
        return sequence
