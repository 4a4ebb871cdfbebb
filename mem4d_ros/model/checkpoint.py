"""Checkpoints: safetensors with the config in the metadata. Pickle is never read."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from torch import nn
from torch.overrides import TorchFunctionMode

from mem4d_ros.model.checkpoint_header import FORMAT, CheckpointError, named_errors, read_config
from mem4d_ros.model.mem4d import Mem4D
from mem4d_ros.writing import write_tensors

_SHOWN_KEYS = 3


def save_checkpoint(
    path: Path | str,
    model: Mem4D,
    *,
    dtype: torch.dtype = torch.float32,
    notes: Mapping[str, str] | None = None,
) -> None:
    """Write weights, rounded to `dtype`, and config; an existing file is replaced as a whole.

    Args:
        notes: further metadata, such as how the weights were made.
    """
    weights = {name: weight.to(dtype) for name, weight in _weights(model)}
    metadata = {
        **(notes or {}),
        "format": FORMAT,
        "config": json.dumps(model.config.to_dict(), sort_keys=True),
    }
    write_tensors(Path(path), weights, metadata)


def load_checkpoint(path: Path | str) -> Mem4D:
    """The model of a checkpoint: on the CPU, in fp32, in evaluation mode.

    Raises:
        CheckpointError: no such file, not a safetensors file or a truncated one, no Mem4D config in
            it, weights of another architecture (the first keys that differ are named), or NaN and
            infinity among them.
    """
    path = Path(path)
    with named_errors(path), safe_open(path, framework="pt", device="cpu") as file:
        config = read_config(path, file.metadata() or {})
        weights = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118
    with torch.device("meta"), _WithoutInitialValues():
        model = Mem4D(config)
    _require_same_architecture(path, model, weights)
    _require_finite(path, weights)
    model.load_state_dict(weights, assign=True)
    return model.eval()


class _WithoutInitialValues(TorchFunctionMode):
    """Leaves weights without first values: those of the device 'meta' have none.

    To "draw" them all the same, torch would load its compiler first, which takes seconds.
    """

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        if getattr(func, "__module__", None) == nn.init.__name__ or func in _DRAWING:
            return kwargs["tensor"] if "tensor" in kwargs else args[0]
        return func(*args, **kwargs)


_DRAWING = (torch.Tensor.normal_, torch.Tensor.uniform_)


def _weights(model: Mem4D) -> list[tuple[str, torch.Tensor]]:
    return list(model.state_dict().items())


def _require_same_architecture(
    path: Path, model: Mem4D, weights: Mapping[str, torch.Tensor]
) -> None:
    expected = {name: tuple(w.shape) for name, w in _weights(model)}
    found = {name: tuple(w.shape) for name, w in weights.items()}
    differing = sorted(
        name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name)
    )
    if not differing:
        return
    shown = "; ".join(
        f"{name} expected {expected.get(name, 'nothing')}, found {found.get(name, 'nothing')}"
        for name in differing[:_SHOWN_KEYS]
    )
    raise CheckpointError(
        f"{path}: weights of another architecture, {len(differing)} of {len(expected)} keys differ "
        f"from its config: {shown}"
    )


def _require_finite(path: Path, weights: Mapping[str, torch.Tensor]) -> None:
    for name, weight in weights.items():
        if not weight.isfinite().all():
            raise CheckpointError(
                f"{path}: {name} holds NaN or infinity: the file is damaged, fetch it again, or its"
                " training has diverged"
            )
