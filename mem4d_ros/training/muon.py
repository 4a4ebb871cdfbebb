"""Muon (Jordan et al. 2024): momentum, made orthogonal, for the matrices that tokens pass through.

Matrices of one shape are made orthogonal together: a network of many equal blocks then costs a few
large products a step instead of thousands of small ones, which a GPU would wait for one by one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor

_COEFFICIENTS = (3.4445, -4.7750, 2.0315)
_STEPS = 5
_EPS = 1e-7


class Muon(torch.optim.Optimizer):
    """Updates of the size of AdamW's, so that both take one learning rate; decay is decoupled."""

    def __init__(
        self,
        params: Iterable[Any],
        lr: float,
        weight_decay: float = 0.1,
        momentum: float = 0.95,
    ) -> None:
        super().__init__(params, {"lr": lr, "weight_decay": weight_decay, "momentum": momentum})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """Update all weights that have a gradient."""
        del closure
        for group in self.param_groups:
            by_shape: defaultdict[torch.Size, list[Tensor]] = defaultdict(list)
            for weight in group["params"]:
                if weight.grad is not None:
                    by_shape[weight.shape].append(weight)
            for weights in by_shape.values():
                self._update(weights, group)

    def _update(self, weights: list[Tensor], group: dict[str, Any]) -> None:
        """Update weights (N, M) of one shape."""
        gradients = torch.stack([weight.grad for weight in weights])  # type: ignore[misc]
        buffers = [self._momentum(weight) for weight in weights]
        torch._foreach_lerp_(buffers, list(gradients.unbind()), 1 - group["momentum"])
        nesterov = gradients.lerp(torch.stack(buffers), group["momentum"])
        updates = orthogonalised(nesterov)
        # The root mean square of AdamW's updates is about 0.2 (Liu et al. 2025).
        rate = group["lr"] * 0.2 * max(weights[0].shape) ** 0.5
        torch._foreach_mul_(weights, 1 - group["lr"] * group["weight_decay"])
        torch._foreach_add_(weights, list(updates.to(weights[0].dtype).unbind()), alpha=-rate)

    def _momentum(self, weight: Tensor) -> Tensor:
        state = self.state[weight]
        if "momentum_buffer" not in state:
            state["momentum_buffer"] = torch.zeros_like(weight)
        return state["momentum_buffer"]


def orthogonalised(matrices: Tensor) -> Tensor:
    """The nearly orthogonal matrices next to `matrices` (K, N, M): Newton-Schulz.

    In bfloat16, but for CPUs, most of which only emulate it.
    """
    a, b, c = _COEFFICIENTS
    x = matrices.float() if matrices.device.type == "cpu" else matrices.bfloat16()
    tall = x.shape[-2] > x.shape[-1]
    x = x.mT if tall else x
    x = x / x.norm(dim=(-2, -1), keepdim=True).clamp_min(_EPS)
    for _ in range(_STEPS):
        gram = x @ x.mT
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x.mT if tall else x
