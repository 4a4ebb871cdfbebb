"""One camera for a stream whose intrinsics are predicted anew in every frame."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

import numpy as np

WINDOW = 60
"""Frames: their median wavers an eighth as much as a prediction, and follows a zoom in seconds."""


class SteadyIntrinsics:
    """The running median of predictions, entry by entry."""

    def __init__(self, predictions: Iterable[np.ndarray] = ()) -> None:
        self._predictions: deque[np.ndarray] = deque(predictions, maxlen=WINDOW)

    @property
    def predictions(self) -> tuple[np.ndarray, ...]:
        """Those that count, (3, 3) each, the oldest first."""
        return tuple(self._predictions)

    def after(self, prediction: np.ndarray) -> np.ndarray:
        """The intrinsics (3, 3) with the newest frame's taken in."""
        self._predictions.append(prediction)
        return np.median(self._predictions, axis=0)
