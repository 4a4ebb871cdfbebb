"""The running mean of the weights, steadier than the last ones (Polyak & Juditsky 1992)."""

from __future__ import annotations

import copy

import torch

from mem4d_ros.model import Mem4D


class WeightAverage:
    """An exponential mean; in the beginning it forgets faster, so that the first weights fade."""

    def __init__(self, model: Mem4D, decay: float) -> None:
        self.model = copy.deepcopy(model).requires_grad_(False)
        self._decay = decay

    @torch.no_grad()
    def update(self, model: Mem4D, step: int) -> None:
        """Take in the weights after `step` steps."""
        decay = min(self._decay, (1 + step) / (10 + step))
        own = [weight.data for weight in self.model.parameters()]
        new = [weight.data for weight in model.parameters()]
        torch._foreach_lerp_(own, new, 1 - decay)
