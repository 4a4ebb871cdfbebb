"""The state of a training run on disk: weights and optimiser, so that it resumes exactly.

Batches are functions of run seed, step and rank, so the step number is all the randomness there is.
"""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import nn

from mem4d_ros.training.writing import write_tensors

_MOMENTS = ("exp_avg", "exp_avg_sq")
_UPDATES = "updates"


class RunStateError(Exception):
    """A run cannot be resumed from a file; the message names the file and the remedy."""


def save_run(path: Path, model: nn.Module, optimizer: torch.optim.AdamW, step: int) -> None:
    """Write the state after `step` steps; the previous file survives until the new one is whole."""
    tensors = {f"model.{name}": value for name, value in model.state_dict().items()}
    for name, parameter in model.named_parameters():
        state = optimizer.state.get(parameter)
        if state:
            tensors |= {f"{moment}.{name}": state[moment] for moment in _MOMENTS}
            tensors[f"{_UPDATES}.{name}"] = state["step"]
    write_tensors(path, tensors, {"step": str(step)})


def load_run(path: Path, model: nn.Module, optimizer: torch.optim.AdamW) -> int:
    """Read a state into model and optimiser; the number of steps it has seen.

    Raises:
        RunStateError: the file is no such state, or one of another network.
    """
    try:
        with safe_open(path, framework="pt", device="cpu") as file:
            step = int((file.metadata() or {})["step"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, KeyError, ValueError) as error:
        raise RunStateError(
            f"{path}: is not the state of a training run ({error}); remove it to start anew"
        ) from error
    weights = {k.removeprefix("model."): v for k, v in tensors.items() if k.startswith("model.")}
    _require_same_network(path, weights, model)
    model.load_state_dict(weights)
    for name, parameter in model.named_parameters():
        if f"exp_avg.{name}" in tensors:
            optimizer.state[parameter] = {
                # A weight that some steps do not use has seen fewer updates than the run has steps.
                "step": tensors.get(f"{_UPDATES}.{name}", torch.tensor(float(step))),
                **{m: tensors[f"{m}.{name}"].to(parameter.device) for m in _MOMENTS},
            }
    return step


def _require_same_network(path: Path, weights: dict[str, torch.Tensor], model: nn.Module) -> None:
    found = {name: weight.shape for name, weight in weights.items()}
    expected = {name: weight.shape for name, weight in model.state_dict().items()}
    differing = sorted(n for n in found.keys() | expected.keys() if found.get(n) != expected.get(n))
    if differing:
        raise RunStateError(
            f"{path}: is the state of another network, {len(differing)} weights differ, the first "
            f"is {differing[0]}; give the run a folder of its own"
        )
