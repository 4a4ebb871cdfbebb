"""Whether a run that goes on is still the one that its folder holds, by the config saved there."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mem4d_ros.training.config import TrainingConfig
from mem4d_ros.training.config_errors import TrainingConfigError
from mem4d_ros.training.run_state import RunStateError

MAY_CHANGE = frozenset(
    # how long it goes on, and how it is rescued where it diverges
    ("seconds", "cycles", "learning_rate", "clip")
    # how it is computed, reported and kept
    + ("precision", "activation_checkpointing", "cuda_graphs", "data.cache", "data.live.rendered")
    + ("report_every", "checkpoint_every", "evaluate_every", "held_out")
    # where it once began
    + ("initial_checkpoint", "untrained", "encoder")
)
"""Keys of the config whose value a run may change when it goes on."""


def require_same_run(path: Path, config: TrainingConfig) -> None:
    """Compare a config with the one that was saved at `path`, if one was.

    Raises:
        RunStateError: they differ in more than :data:`MAY_CHANGE`, or the file holds no config.
    """
    if not path.exists():
        return
    changes = list(_changes(_saved(path), config))
    if changes:
        raise RunStateError(
            f"{path}: the run was begun with other values of {', '.join(changes)}: "
            "start it with the same ones, or another run in another folder"
        )


def _saved(path: Path) -> TrainingConfig:
    try:
        return TrainingConfig.from_dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError, TrainingConfigError) as error:
        raise RunStateError(
            f"{path}: is not the config of a training run ({error}); remove the file to go on "
            "without comparing it"
        ) from error


def _changes(saved: TrainingConfig, config: TrainingConfig) -> Iterator[str]:
    """The keys that may not differ and do."""
    if (saved.seconds is None) != (config.seconds is None):
        yield "seconds"  # how long may change, not that the clock decides
    for key in _differing(_plain(saved), _plain(config)):
        if key not in MAY_CHANGE:
            yield key


def _plain(config: TrainingConfig) -> Any:
    """As JSON gives it back."""
    return json.loads(json.dumps(config.to_dict()))


def _differing(a: Any, b: Any, prefix: str = "") -> Iterator[str]:
    """Names of the values that differ, such as 'data.pool' or 'stages.1.batch'."""
    if isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        a, b = dict(enumerate(a)), dict(enumerate(b))
    if not (isinstance(a, Mapping) and isinstance(b, Mapping)):
        if a != b:
            yield prefix.rstrip(".")
        return
    for key in [*a, *(key for key in b if key not in a)]:
        yield from _differing(a.get(key), b.get(key), f"{prefix}{key}.")
