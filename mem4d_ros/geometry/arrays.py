"""One implementation for NumPy arrays and torch tensors."""

from __future__ import annotations

from types import ModuleType
from typing import TypeVar

import numpy as np
import torch

Array = TypeVar("Array", np.ndarray, torch.Tensor)


def namespace(array: np.ndarray | torch.Tensor) -> ModuleType:
    """The module, `torch` or `numpy`, whose functions take `array`.

    Both modules share the names and the positional arguments used in this package.
    """
    return torch if isinstance(array, torch.Tensor) else np


def with_inner_axes(array: Array, count: int, kept: int) -> Array:
    """Insert `count` axes of length one before the last `kept` axes, for broadcasting."""
    shape = tuple(array.shape)
    return array.reshape(shape[:-kept] + (1,) * count + shape[-kept:])
