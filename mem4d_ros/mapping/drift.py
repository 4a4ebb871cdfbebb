"""How far the map's metre has wandered, by the network's own.

A network that is told landmarks speaks in their metres, so that what begins in its depth holds the
map's scale only to itself, and errors add up. What it says of the same image without them is in a
metre of its own, which is not the true one, but stays: by 3 to 15 % (σ) in real recordings.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

FIRST_LOOKS = 10
"""Looks that later ones are compared with: the map is young, and right by itself."""
LAST_LOOKS = 10
"""Looks by which the own metre is known by the map's."""
TOLERANCE = 0.1
"""By which the own metre varies from view to view, in log: nothing is said of so much."""


@dataclass
class ScaleDrift:
    """Compares depth that was told landmarks with depth that was not, now and in the beginning.

    Attributes:
        first, last: logs of the one by the other, at most ten, of the first looks and the last.
    """

    first: list[float] = field(default_factory=list)
    last: list[float] = field(default_factory=list)

    @property
    def log(self) -> float:
        """Log of the depth that is told by what it would be, had the map kept its metre."""
        if not self.last:
            return 0.0
        away = self.last[-1] - float(np.mean(self.first))
        return float(np.sign(away)) * max(abs(away) - TOLERANCE, 0.0)

    @property
    def log_metre(self) -> float:
        """Log of depth in the map's metres by depth that was told no landmarks; 0: not known."""
        return float(np.mean(self.last)) if self.last else 0.0

    def look(self, told: np.ndarray, own: np.ndarray) -> None:
        """Take in depths (H, W) of one image, told landmarks and not; NaN where unknown."""
        with np.errstate(invalid="ignore", divide="ignore"):
            ratios = np.log(told / own)
        ratios = ratios[np.isfinite(ratios)]
        if not len(ratios):
            return
        ratio = float(np.median(ratios))
        self.first = [*self.first, ratio][:FIRST_LOOKS]
        self.last = [*self.last, ratio][-LAST_LOOKS:]

    def rescale(self, log_scale: float) -> None:
        """The map has become larger, by this log, than it was at the looks so far."""
        self.last = [ratio + log_scale for ratio in self.last]

    def grow(self, log_scale: float) -> None:
        """The whole map has become larger by this log, also what was compared in the beginning."""
        self.first = [ratio + log_scale for ratio in self.first]
        self.rescale(log_scale)
