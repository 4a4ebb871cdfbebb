"""The network before the first step."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from mem4d_ros.model import Mem4D, MemorySizes
from mem4d_ros.model.checkpoint import CheckpointError, load_checkpoint
from mem4d_ros.training.config import TrainingConfig
from mem4d_ros.training.config_errors import TrainingConfigError
from mem4d_ros.training.pretrained.encoder import load_encoder


def initial_model(config: TrainingConfig) -> Mem4D:
    """The network of `config` with its first weights, on the CPU.

    Raises:
        TrainingConfigError: the weights to start from cannot be read or belong to another network.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        model = Mem4D(config.model)
    if config.encoder is not None:
        load_encoder(model, config.encoder)
    if config.initial_checkpoint is not None:
        _load_weights(model, config.initial_checkpoint, config.untrained)
    model.encoder.requires_grad_(not config.freeze_encoder)
    return model


def _load_weights(model: Mem4D, path: str, untrained: Sequence[str]) -> None:
    try:
        source = load_checkpoint(path)
    except CheckpointError as error:
        raise TrainingConfigError(f"initial_checkpoint: {error}") from error
    anything = MemorySizes()  # no weight depends on the memories' sizes
    if source.config.with_memory(anything) != model.config.with_memory(anything):
        raise TrainingConfigError(
            f"initial_checkpoint: {path} holds another network than preset and network describe; "
            "`mem4d info` prints its sizes"
        )
    parts = dict(model.named_children())
    for name in untrained:
        if name not in parts:
            raise TrainingConfigError(f"untrained: {name!r} is none of {', '.join(parts)}")
    for name, part in parts.items():
        if name not in untrained:
            part.load_state_dict(source.get_submodule(name).state_dict())
