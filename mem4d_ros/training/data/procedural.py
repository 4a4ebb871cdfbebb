"""Procedural sequences for training: rendered from a seed, kept on disk if asked to."""

from __future__ import annotations

import json
from pathlib import Path

import torch

from mem4d_ros.synthetic import SequenceSettings, render_sequence
from mem4d_ros.synthetic.textures.library import TextureLibrary
from mem4d_ros.training.config_errors import TrainingConfigError
from mem4d_ros.training.data.cache import SequenceCache
from mem4d_ros.training.data.sequences import StoredSequence
from mem4d_ros.training.data_config import DataConfig
from mem4d_ros.writing import write_text

SETTINGS_FILE = "settings.json"
"""Says of a cache what the names of its files do not."""


class ProceduralPool:
    """The procedural sequences of a :class:`DataConfig`."""

    def __init__(self, config: DataConfig, device: torch.device) -> None:
        self._config = config
        self._device = device
        self._cache = _open_cache(Path(config.cache), config) if config.cache else None
        self._library = _textures(config)

    @property
    def corrupt(self) -> int:
        """Number of files of the cache that were rendered again."""
        return self._cache.corrupt if self._cache else 0

    def __len__(self) -> int:
        return self._config.pool

    def __getitem__(self, index: int) -> StoredSequence:
        if not 0 <= index < len(self):
            raise IndexError(f"sequence {index} of {len(self)}")
        seed = self._config.seed + index
        if self._cache is None:
            return self._render(seed)
        return self._cache.get(f"{seed:07d}", lambda: self._render(seed))

    def _render(self, seed: int) -> StoredSequence:
        size = self._config
        settings = SequenceSettings(frame_rate=size.frame_rate)
        rendered = render_sequence(
            seed,
            size.frames,
            size.height,
            size.width,
            device=self._device,
            settings=settings,
            library=self._library,
        )
        return StoredSequence(
            images=(rendered.images * 255).round().to(torch.uint8),
            depth=rendered.depth.to(torch.float16),
            camera_to_world=rendered.camera_to_world.float(),
            intrinsics=rendered.intrinsics[0].float(),
            moving=rendered.moving,
        )


def _textures(config: DataConfig) -> TextureLibrary | None:
    """With the folder's photographs among them; None stands for those that always are there."""
    if config.photographs is None:
        return None
    try:
        return TextureLibrary.from_folder(Path(config.photographs))
    except (OSError, ValueError) as error:
        raise TrainingConfigError(f"data.photographs: {error}") from error


def _open_cache(folder: Path, config: DataConfig) -> SequenceCache:
    """The cache, once it is sure to hold what `config` would render."""
    cache = SequenceCache(folder, config)
    file = folder / SETTINGS_FILE
    settings = {"frame_rate": list(config.frame_rate), "photographs": config.photographs}
    if not file.exists():
        write_text(file, json.dumps(settings) + "\n")
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise TrainingConfigError(
            f"data.cache: {file} does not say what the cache holds ({error}): "
            "name another folder or remove it"
        ) from error
    if found != settings:
        raise TrainingConfigError(
            f"data.cache {folder} holds sequences of {found}, not of {settings}: "
            "name another folder or remove it"
        )
    return cache
