"""Tensors out of a pickled checkpoint of others, without running anything that is in it."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import torch
from torch import Tensor


class ForeignCheckpointError(Exception):
    """A checkpoint of others cannot be read; the message names the file and the reason."""


class Inert:
    """Placeholder for an object of a checkpoint that is no tensor; it keeps and does nothing."""

    def __new__(cls, *contents: Any, **more: Any) -> Inert:
        """Contents are dropped."""
        return super().__new__(cls)

    def __init__(self, *contents: Any, **more: Any) -> None:
        pass

    def __setstate__(self, state: Any) -> None:
        pass


ALLOWED = (
    "argparse.Namespace",
    "builtins.dict",
    "builtins.int",
    "builtins.list",
    "collections.defaultdict",
    "numpy._core.multiarray.scalar",
    "numpy.core.multiarray.scalar",
    "numpy.dtype",
    "omegaconf.base.ContainerMetadata",
    "omegaconf.base.Metadata",
    "omegaconf.dictconfig.DictConfig",
    "omegaconf.listconfig.ListConfig",
    "omegaconf.nodes.AnyNode",
    "pathlib.PosixPath",
    "typing.Any",
)
"""Contents that training scripts store beside weights: arguments, and the best score so far.

All of these become :class:`Inert`: they are let pass, not rebuilt.
"""


def read_model_tensors(path: Path) -> dict[str, Tensor]:
    """The tensors under the key `model` of a file written by torch.save, on the CPU.

    They lie in the file until they are used.

    Raises:
        ForeignCheckpointError: no such file, not written by torch.save, with a class in it that is
            not in ALLOWED, or without a `model` of tensors.
    """
    if not path.is_file():
        raise ForeignCheckpointError(f"{path}: no such file")
    stand_ins: list[Any] = [(type("Inert", (Inert,), {}), name) for name in ALLOWED]
    try:
        with torch.serialization.safe_globals(stand_ins):
            strangers = torch.serialization.get_unsafe_globals_in_checkpoint(path)
            if strangers:
                raise ForeignCheckpointError(
                    f"{path}: holds {', '.join(sorted(strangers))} beside tensors, which is not "
                    "among what is let pass (ALLOWED in training/pretrained/foreign_pickle.py)"
                )
            content = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    except (pickle.UnpicklingError, RuntimeError, ValueError, EOFError) as error:
        reason = " ".join(str(error).split())[:400]
        raise ForeignCheckpointError(f"{path}: cannot be read safely: {reason}") from error
    if not isinstance(content, dict) or not isinstance(content.get("model"), dict):
        keys = sorted(map(str, content)) if isinstance(content, dict) else type(content).__name__
        raise ForeignCheckpointError(f"{path}: holds no table `model`, but {keys}")
    tensors: dict[str, Any] = content["model"]
    for name, tensor in tensors.items():
        if not isinstance(tensor, Tensor):
            raise ForeignCheckpointError(f"{path}: model.{name} is no tensor")
    return tensors
