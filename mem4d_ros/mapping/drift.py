"""How far the map's metre has wandered, by the network's own.

A network that is told landmarks speaks in their metres, so that what begins in its depth holds the
map's scale only to itself, and errors add up. What it says of the same image without them is in a
metre of its own, which is not the true one, but stays: by 3 to 15 % (σ) in real recordings.
"""

from __future__ import annotations

import numpy as np

FIRST_LOOKS = 10
"""Looks that later ones are compared with: the map is young, and right by itself."""
LAST_LOOKS = 10
"""Looks by which the own metre is known by the map's."""
TOLERANCE = 0.1
"""By which the own metre varies from view to view, in log: nothing is said of so much."""


class ScaleDrift:
    """Compares depth that was told landmarks with depth that was not, now and in the beginning.

    Attributes:
        log: log of the depth that is told by what it would be, had the map kept its metre.
    """

    def __init__(self) -> None:
        self.log = 0.0
        self._first: list[float] = []
        self._last: list[float] = []

    @property
    def log_untold(self) -> float:
        """Log by which depth that was told no landmarks is too large in the map's metres."""
        return -float(np.mean(self._last)) if self._last else 0.0

    def look(self, told: np.ndarray, own: np.ndarray) -> None:
        """Take in depths (H, W) of one image, told landmarks and not; NaN where unknown."""
        with np.errstate(invalid="ignore", divide="ignore"):
            ratios = np.log(told / own)
        ratios = ratios[np.isfinite(ratios)]
        if not len(ratios):
            return
        ratio = float(np.median(ratios))
        self._first = [*self._first, ratio][:FIRST_LOOKS]
        self._last = [*self._last, ratio][-LAST_LOOKS:]
        away = ratio - float(np.mean(self._first))
        self.log = float(np.sign(away)) * max(abs(away) - TOLERANCE, 0.0)
