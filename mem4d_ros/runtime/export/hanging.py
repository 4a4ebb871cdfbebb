"""Frames that were written, and how loops that closed later have moved them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from mem4d_ros.mapping import Correction


@dataclass(frozen=True)
class Hanging:
    """Frames in order: each hangs on a keyframe, and moves with it.

    Attributes:
        keyframes: (T,) numbers.
        motions: (T, 4, 4), similarities of the world: from where frames were written to where they
            are.
    """

    keyframes: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))
    motions: np.ndarray = field(default_factory=lambda: np.empty((0, 4, 4)))

    def moved(self, correction: Correction | None) -> Hanging:
        """After the world has moved; None: it has not."""
        if correction is None:
            return self
        return Hanging(self.keyframes, correction.of(self.keyframes) @ self.motions)

    def followed_by(self, keyframe: int) -> Hanging:
        """With one frame more, written where it is."""
        return Hanging(
            np.append(self.keyframes, keyframe), np.concatenate((self.motions, np.eye(4)[None]))
        )

    def written(self) -> Hanging:
        """After all of them were written where they are now."""
        return Hanging(self.keyframes, np.tile(np.eye(4), (len(self.keyframes), 1, 1)))

    @property
    def have_moved(self) -> np.ndarray:
        """Which frames (T,) bool are no longer where they were written."""
        moved: np.ndarray = (self.motions != np.eye(4)).any((1, 2))
        return moved
