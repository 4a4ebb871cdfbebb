"""The state of a training run on disk: weights and optimiser, so that it resumes exactly.

Batches are functions of run seed, step and rank, so the step number is all the randomness there is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from mem4d_ros.training.optimizer import Optimizer
from mem4d_ros.writing import write_tensors

_MODEL, _OPTIMIZER, _AVERAGE = "model.", "optimizer.", "average."


class RunStateError(Exception):
    """A run cannot be resumed from a file; the message names the file and the remedy."""


@dataclass(frozen=True)
class Reached:
    """How far a run has come.

    Attributes:
        step: steps taken.
        seconds: that it has taken, of a run that ends by the clock; 0 of others.
    """

    step: int = 0
    seconds: float = 0.0


def save_run(
    path: Path,
    model: nn.Module,
    optimizer: Optimizer,
    reached: Reached,
    average: nn.Module | None = None,
) -> None:
    """Write the state of a run; the previous file survives until the new one is whole.

    Args:
        average: of the model's weights over the steps, if one is kept.
    """
    tensors = {_MODEL + name: value for name, value in model.state_dict().items()}
    if average is not None:
        tensors |= {_AVERAGE + name: value for name, value in average.state_dict().items()}
    for name, weight in model.named_parameters():
        for key, value in optimizer.state_of(weight).items():
            tensors[f"{_OPTIMIZER}{key}.{name}"] = value
    write_tensors(path, tensors, {key: str(value) for key, value in asdict(reached).items()})


def load_run(
    path: Path, model: nn.Module, optimizer: Optimizer, average: nn.Module | None = None
) -> Reached:
    """Read a state into model, optimiser and average; how far its run had come.

    Raises:
        RunStateError: the file is no such state, or one of another network or optimiser.
    """
    with _opened(path) as file:
        reached = _reached(file)
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    weights = {k.removeprefix(_MODEL): v for k, v in tensors.items() if k.startswith(_MODEL)}
    _require_same_network(path, weights, model)
    model.load_state_dict(weights)
    if average is not None:
        # A run that kept no average so far begins one here.
        means = {k.removeprefix(_AVERAGE): v for k, v in tensors.items() if k.startswith(_AVERAGE)}
        average.load_state_dict(means or weights)
    for name, state in _states(tensors).items():
        weight = model.get_parameter(name)
        try:
            optimizer.restore(weight, state)
        except KeyError as error:
            raise RunStateError(
                f"{path}: is the state of a run that trained {name}, which this one does not, or "
                "by another optimizer; give the run a folder of its own"
            ) from error
    return reached


def reached_by(path: Path) -> Reached:
    """How far the run has come whose state a file holds.

    Raises:
        RunStateError: the file is no such state.
    """
    with _opened(path) as file:
        return _reached(file)


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """The open file; says what it is not where it cannot be read."""
    try:
        with safe_open(path, framework="pt", device="cpu") as file:
            yield file
    except (SafetensorError, OSError, KeyError, ValueError) as error:
        raise RunStateError(
            f"{path}: is not the state of a training run ({error}); remove it to start anew"
        ) from error


def _reached(file: Any) -> Reached:
    """What the file says; earlier versions did not write the seconds."""
    metadata = file.metadata() or {}
    return Reached(int(metadata["step"]), float(metadata.get("seconds", 0)))


def _states(tensors: Mapping[str, Tensor]) -> dict[str, dict[str, Tensor]]:
    """The optimiser's memory by weight and key."""
    states: dict[str, dict[str, Tensor]] = {}
    for label, value in tensors.items():
        if label.startswith(_OPTIMIZER):
            key, name = label.removeprefix(_OPTIMIZER).split(".", 1)
            states.setdefault(name, {})[key] = value
    return states


def _require_same_network(path: Path, weights: dict[str, Tensor], model: nn.Module) -> None:
    found = {name: weight.shape for name, weight in weights.items()}
    expected = {name: weight.shape for name, weight in model.state_dict().items()}
    differing = sorted(n for n in found.keys() | expected.keys() if found.get(n) != expected.get(n))
    if differing:
        raise RunStateError(
            f"{path}: is the state of another network, {len(differing)} weights differ, the first "
            f"is {differing[0]}; give the run a folder of its own"
        )
