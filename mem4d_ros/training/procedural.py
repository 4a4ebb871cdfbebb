"""Procedural sequences for training: rendered from a seed, kept on disk if asked to."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import torch

from mem4d_ros.synthetic import SequenceSettings, render_sequence
from mem4d_ros.training.config import DataConfig, TrainingConfigError
from mem4d_ros.training.sequences import (
    CorruptSequence,
    StoredSequence,
    read_sequence,
    write_sequence,
)
from mem4d_ros.training.writing import write_text

SETTINGS_FILE = "settings.json"
"""Says of a cache what the names of its files do not."""

_logger = logging.getLogger(__name__)


class ProceduralPool:
    """The sequences of a :class:`DataConfig`, by index; the same index always gives the same.

    Attributes:
        repaired: how many corrupt files of the cache were rendered anew.
    """

    def __init__(self, config: DataConfig, device: torch.device) -> None:
        self.repaired = 0
        self._config = config
        self._device = device
        self._cache = Path(config.cache) if config.cache else None
        if self._cache is not None:
            _open_cache(self._cache, config)

    def __len__(self) -> int:
        return self._config.pool

    def __getitem__(self, index: int) -> StoredSequence:
        if not 0 <= index < len(self):
            raise IndexError(f"sequence {index} of {len(self)}")
        seed = self._config.seed + index
        if self._cache is None:
            return self._render(seed)
        size = self._config
        path = self._cache / f"{seed:07d}-{size.frames}x{size.height}x{size.width}.safetensors"
        if path.exists():
            try:
                return read_sequence(path, size.frames, size.height, size.width)
            except CorruptSequence as error:
                _logger.warning("corrupt sample, rendered anew: %s", error)
                self.repaired += 1
        sequence = self._render(seed)
        write_sequence(path, sequence)
        return sequence

    def _render(self, seed: int) -> StoredSequence:
        size = self._config
        settings = SequenceSettings(frame_rate=size.frame_rate)
        rendered = render_sequence(
            seed, size.frames, size.height, size.width, device=self._device, settings=settings
        )
        return StoredSequence(
            images=(rendered.images * 255).round().to(torch.uint8),
            depth=rendered.depth.to(torch.float16),
            camera_to_world=rendered.camera_to_world.float(),
            intrinsics=rendered.intrinsics[0].float(),
            moving=rendered.moving,
        )


def _open_cache(folder: Path, config: DataConfig) -> None:
    """Make the folder, or make sure that it holds what `config` would render."""
    file = folder / SETTINGS_FILE
    settings = {"frame_rate": list(config.frame_rate)}
    folder.mkdir(parents=True, exist_ok=True)
    if not file.exists():
        write_text(file, json.dumps(settings) + "\n")
    found = json.loads(file.read_text(encoding="utf-8"))
    if found != settings:
        raise TrainingConfigError(
            f"data.cache {folder} holds sequences of {found}, not of {settings}: "
            "name another folder or remove it"
        )
