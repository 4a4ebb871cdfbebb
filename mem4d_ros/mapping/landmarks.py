"""All landmarks of a map, as columns of a table that grows."""

from __future__ import annotations

import numpy as np

UNSEEN_VARIANCE = 0.25
"""Of the log depth of a landmark that only the network has spoken of."""

SETTLED_VARIANCE = 0.15**2
"""Of the log depth of a landmark that parallax has told more of than the network."""
POSES_DEVIATION = 0.01
"""What the poses add to it, at least."""
GRACE = 3
"""So many more misses than hits make a landmark none."""
TRIAL = 10
"""Frames after which a landmark counts half: what moves rarely fits for so long."""


class Landmarks:
    """A landmark's number is its row, until the map is thinned.

    Attributes:
        host: (N,) number of the keyframe that saw it first.
        pixel: (N, 2), where, in its image.
        log_inverse: (N,), log of its inverse depth there, metres of the map.
        log_prior: (N,), log depth there in the network's metres; NaN where it said nothing.
        variance: (N,), of its log depth, poses taken as right.
        hits, misses: (N,), in how many frames it was where it should be, and was not.
        is_alive: (N,) bool.
        sharpness: (N, 2, 2), directions in which it is seen in its host's image (`sharpness.py`).
    """

    def __init__(self) -> None:
        self.host = np.empty(0, np.int64)
        self.pixel = np.empty((0, 2))
        self.log_inverse = np.empty(0)
        self.log_prior = np.empty(0)
        self.variance = np.empty(0)
        self.hits = np.empty(0, np.int64)
        self.misses = np.empty(0, np.int64)
        self.is_alive = np.empty(0, bool)
        self.sharpness = np.empty((0, 2, 2))

    def __len__(self) -> int:
        return len(self.host)

    def trust(self, numbers: np.ndarray) -> np.ndarray:
        """Between 0 and 1, (n,): landmarks that have long been where they should be count most.

        In traffic most of what is seen moves, but none of it for long as the camera would have it.
        """
        hits = self.hits[numbers]
        return hits / (hits + TRIAL)

    def deviation(self, numbers: np.ndarray) -> np.ndarray:
        """Of the log depth of landmarks (n,) that are known, as the poses are about right, (n,)."""
        return np.sqrt(self.variance[numbers]) + POSES_DEVIATION

    def keep(self, which: np.ndarray) -> None:
        """Forget all rows but those of `which` (N,) bool; those after them move up."""
        for name, column in vars(self).items():
            setattr(self, name, column[which])

    def append(self, others: Landmarks) -> None:
        """Take others in after these: their numbers grow by how many these are."""
        for name, column in vars(self).items():
            setattr(self, name, np.concatenate((column, getattr(others, name))))

    def count(self, numbers: np.ndarray, agrees: np.ndarray) -> None:
        """Take in that those with these numbers (n,) were where they should be, or were not."""
        self.hits[numbers[agrees]] += 1
        self.misses[numbers[~agrees]] += 1
        self.is_alive[numbers] &= self.misses[numbers] < GRACE + self.hits[numbers]

    def add(
        self,
        host: int,
        pixels: np.ndarray,
        log_depth: np.ndarray,
        log_prior: np.ndarray,
        sharpness: np.ndarray,
    ) -> np.ndarray:
        """New ones at pixels (n, 2) of a keyframe; their numbers (n,)."""
        count = len(pixels)
        numbers = np.arange(len(self), len(self) + count)
        self.host = np.concatenate((self.host, np.full(count, host)))
        self.pixel = np.concatenate((self.pixel, pixels))
        self.log_inverse = np.concatenate((self.log_inverse, -log_depth))
        self.log_prior = np.concatenate((self.log_prior, log_prior))
        self.variance = np.concatenate((self.variance, np.full(count, UNSEEN_VARIANCE)))
        self.hits = np.concatenate((self.hits, np.ones(count, np.int64)))
        self.misses = np.concatenate((self.misses, np.zeros(count, np.int64)))
        self.is_alive = np.concatenate((self.is_alive, np.ones(count, bool)))
        self.sharpness = np.concatenate((self.sharpness, sharpness))
        return numbers
