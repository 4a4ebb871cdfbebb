"""What a checkpoint says of itself, read without its weights and without torch."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from safetensors import SafetensorError, safe_open

from mem4d_ros.model.config import Mem4DConfig

FORMAT = "mem4d/1"


class CheckpointError(Exception):
    """A checkpoint cannot be used; the message names the file, the reason and the remedy."""


@dataclass(frozen=True)
class CheckpointHeader:
    """The network's config, how many parameters the file holds, and notes on its making."""

    config: Mem4DConfig
    parameters: int
    notes: Mapping[str, str]


def read_header(path: Path | str) -> CheckpointHeader:
    """The header of a checkpoint. Raises CheckpointError for any other file."""
    path = Path(path)
    with named_errors(path), safe_open(path, framework="numpy") as file:
        metadata = dict(file.metadata() or {})
        names = file.keys()
        parameters = sum(math.prod(file.get_slice(name).get_shape()) for name in names)
    config = read_config(path, metadata)
    del metadata["config"]
    return CheckpointHeader(config, parameters, metadata)


@contextmanager
def named_errors(path: Path) -> Iterator[None]:
    """Turn what safetensors says of a missing or broken file into CheckpointError."""
    if not path.is_file():
        raise CheckpointError(f"{path}: no such checkpoint file")
    try:
        yield
    except SafetensorError as error:
        raise CheckpointError(
            f"{path}: not a safetensors file, or a truncated one ({error}); fetch it again"
        ) from error


def read_config(path: Path, metadata: Mapping[str, str]) -> Mem4DConfig:
    """The config in a checkpoint's metadata. Raises CheckpointError where there is none."""
    if metadata.get("format") != FORMAT or "config" not in metadata:
        raise CheckpointError(
            f"{path}: holds no {FORMAT!r} config in its metadata, so it is no Mem4D checkpoint; "
            "write checkpoints with save_checkpoint"
        )
    try:
        return Mem4DConfig.from_dict(json.loads(metadata["config"]))
    except (ValueError, TypeError) as error:
        raise CheckpointError(f"{path}: its config cannot be read: {error}") from error
