"""AdamW for all weights, or Muon for the matrices of the transformers and AdamW for the rest."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from mem4d_ros.model import Mem4D
from mem4d_ros.training.config import TrainingConfig
from mem4d_ros.training.muon import Muon

_BETAS = (0.9, 0.95)
_ENCODER = "encoder."

_REMEMBERED = {"AdamW": {"step", "exp_avg", "exp_avg_sq"}, "Muon": {"momentum_buffer"}}
"""State that each optimiser keeps of a weight."""

NamedWeight = tuple[str, nn.Parameter]


class Optimizer:
    """Several optimisers, each with its own weights, that step as one.

    Groups of weights may say by which `factor` of the common learning rate they learn.
    """

    def __init__(self, *parts: torch.optim.Optimizer) -> None:
        self._parts = parts

    def zero_grad(self) -> None:
        for part in self._parts:
            part.zero_grad()

    def step(self) -> None:
        for part in self._parts:
            part.step()

    def set_learning_rate(self, rate: float) -> None:
        for part in self._parts:
            for group in part.param_groups:
                group["lr"] = rate * group.get("factor", 1.0)

    def state_of(self, weight: nn.Parameter) -> Mapping[str, Tensor]:
        """State of a weight, by name; empty before its first update."""
        return next((part.state[weight] for part in self._parts if weight in part.state), {})

    def restore(self, weight: nn.Parameter, state: Mapping[str, Tensor]) -> None:
        """Remember of a weight what :meth:`state_of` gave.

        Raises:
            KeyError: the weight is not trained here, or not by the kind of optimiser it was.
        """
        for part in self._parts:
            group = next((g for g in part.param_groups if _has(g["params"], weight)), None)
            if group is not None:
                if state.keys() != _REMEMBERED.get(type(part).__name__):
                    raise KeyError(f"{type(part).__name__} does not remember {sorted(state)}")
                counts_there = group.get("fused", False)
                part.state[weight] = {
                    key: value if key == "step" and not counts_there else value.to(weight.device)
                    for key, value in state.items()
                }
                return
        raise KeyError("no optimiser has this weight")


def _has(weights: Sequence[nn.Parameter], weight: nn.Parameter) -> bool:
    return any(weight is own for own in weights)


def make_optimizer(model: Mem4D, config: TrainingConfig) -> Optimizer:
    """The optimiser that `config` asks for, over all weights that learn.

    Muon (Jordan et al. 2024) makes the update of a matrix orthogonal; scaled to the size of
    AdamW's it takes the same learning rate.
    """
    weights = [(n, w) for n, w in model.named_parameters() if w.requires_grad]
    by_muon = [pair for pair in weights if config.optimizer == "muon" and _multiplies_tokens(*pair)]
    taken = {name for name, _ in by_muon}
    parts = [_adamw([pair for pair in weights if pair[0] not in taken], config)]
    return Optimizer(*([_muon(by_muon, config)] if by_muon else []), *parts)


def _adamw(weights: Sequence[NamedWeight], config: TrainingConfig) -> torch.optim.Optimizer:
    """Matrices decay; biases, norms and the camera token do not."""
    groups = [
        _group([pair for pair in weights if _is_matrix(pair[1])], config, config.weight_decay),
        _group([pair for pair in weights if not _is_matrix(pair[1])], config, 0.0),
    ]
    params = [group for both in groups for group in both]
    fused = all(weight.device.type == "cuda" for _, weight in weights)
    return torch.optim.AdamW(params, lr=config.learning_rate, betas=_BETAS, fused=fused)


def _muon(weights: Sequence[NamedWeight], config: TrainingConfig) -> torch.optim.Optimizer:
    return Muon(_group(weights, config, config.weight_decay), lr=config.learning_rate)


def _group(
    weights: Sequence[NamedWeight], config: TrainingConfig, weight_decay: float
) -> list[dict[str, Any]]:
    """The encoder's weights and the others, each with its factor of the learning rate."""
    encoder = [weight for name, weight in weights if name.startswith(_ENCODER)]
    others = [weight for name, weight in weights if not name.startswith(_ENCODER)]
    groups = ((encoder, config.encoder_rate), (others, 1.0))
    return [
        {"params": params, "factor": factor, "weight_decay": weight_decay}
        for params, factor in groups
        if params
    ]


def _is_matrix(weight: Tensor) -> bool:
    return weight.dim() > 1 and weight.shape[0] > 1


def _multiplies_tokens(name: str, weight: Tensor) -> bool:
    """Of a linear layer outside of the encoder, and large enough for its directions to matter."""
    return weight.dim() == 2 and min(weight.shape) >= 16 and not name.startswith(_ENCODER)


def learning_rate(
    step: int,
    steps: int,
    warm_up: int,
    peak: float,
    position: float | None = None,
    cycles: int = 1,
) -> float:
    """Rate of the step number `step` (from 0) of `steps`.

    Args:
        position: how many of the `steps` are over, where that is not for `step` to say.
        cycles: number of times that the rate falls from its peak to zero ("SGDR", Loshchilov &
            Hutter 2017); it warms up once.
    """
    if step < warm_up:
        return peak * (step + 1) / warm_up
    length = steps / cycles
    over = step if position is None else position
    cycle = min(int(over / length), cycles - 1)
    within = over - cycle * length
    if position is None and cycle == 0:
        within, length = step - warm_up, length - warm_up
    return peak * 0.5 * (1 + math.cos(math.pi * min(1.0, within / max(1, length))))
