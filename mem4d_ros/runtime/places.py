"""What tells one place from others: the mean of what the encoder makes of an image."""

from __future__ import annotations

import numpy as np
from torch import Tensor

from mem4d_ros.model import MemoryState


def place_of(state: MemoryState) -> np.ndarray | None:
    """A vector (C,) float32 of length 1 of the frame that a step has just seen.

    None where the state keeps no features of it, since the TCA is turned off.
    """
    return mean_feature(state.window[0].features[0]) if state.window else None


def mean_feature(features: Tensor) -> np.ndarray:
    """The direction (C,) float32 of the mean of features (C, h, w)."""
    mean = features.float().mean((1, 2))
    place: np.ndarray = (mean / mean.norm()).cpu().numpy()
    return place
