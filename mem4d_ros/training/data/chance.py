"""Random numbers for a batch: drawn on its device, seeded."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

T = TypeVar("T")


class Chance:
    """A stream of random numbers; the same seed and device, the same numbers.

    What decides shapes or kernels is drawn on the host (`one_of`), all else on the device.
    """

    def __init__(self, seed: int, device: torch.device) -> None:
        self.device = device
        self._host = np.random.default_rng(seed)
        self._device = torch.Generator(device).manual_seed(seed)

    def uniform(self, *shape: int) -> Tensor:
        """In [0, 1)."""
        return torch.rand(shape, generator=self._device, device=self.device)

    def normal(self, *shape: int) -> Tensor:
        """Of mean 0 and variance 1."""
        return torch.randn(shape, generator=self._device, device=self.device)

    def between(self, low: float, high: float, *shape: int) -> Tensor:
        """Uniform in [low, high)."""
        return low + (high - low) * self.uniform(*shape)

    def log_uniform(self, low: float, high: float, *shape: int) -> Tensor:
        """Between low and high, whose logarithm is uniform."""
        return self.between(math.log(low), math.log(high), *shape).exp()

    def happens(self, share: float, *shape: int) -> Tensor:
        """True with probability `share`."""
        return self.uniform(*shape) < share

    def one_of(self, options: Sequence[T]) -> T:
        """One of the options, for the whole batch."""
        return options[int(self._host.integers(len(options)))]
