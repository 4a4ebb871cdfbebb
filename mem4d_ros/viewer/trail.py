"""Where the camera has been, in bounded memory and time."""

from __future__ import annotations

import numpy as np

from mem4d_ros.mapping import Correction

MOST = 4_000
"""Positions that are kept; even. The viewer draws some 2,000."""
ROW = np.dtype([("position", np.float64, 3), ("keyframe", np.int64)])


class Trail:
    """Positions in order, evenly thinned once there are too many; the newest is always the last."""

    def __init__(self) -> None:
        self._rows = np.empty(MOST, ROW)
        self._length = 0
        self._added = 0
        self._step = 1  # of so many positions the last is kept

    @property
    def positions(self) -> np.ndarray:
        """A copy, (N, 3) float64, N <= MOST."""
        return self._rows["position"][: self._length].copy()

    def add(self, position: np.ndarray, keyframe: int = 0) -> None:
        """Take in the newest (3,), and the number of the keyframe that it hangs on."""
        if self._added % self._step == 0:
            if self._length == MOST:
                self._thin()
            self._length += 1
        self._rows[self._length - 1] = (position, keyframe)
        self._added += 1

    def move(self, correction: Correction) -> None:
        """Move each position with its keyframe."""
        rows = self._rows[: self._length]
        motions = correction.of(rows["keyframe"])
        turned = np.einsum("nij,nj->ni", motions[:, :3, :3], rows["position"])
        rows["position"] = turned + motions[:, :3, 3]

    def _thin(self) -> None:
        self._length //= 2
        self._rows[: self._length] = self._rows[1::2].copy()
        self._step *= 2
