"""How far positions are from the parts of a scene."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mem4d_ros.synthetic.scene.scene import Part


@dataclass(frozen=True)
class Obstacles:
    """The boxes around some parts at some times."""

    rotations: np.ndarray  # (S, P, 3, 3)
    centres: np.ndarray  # (S, P, 3) m
    half_sizes: np.ndarray  # (P, 3) m

    @classmethod
    def of(cls, parts: Sequence[Part], times: np.ndarray) -> Obstacles:
        """All parts at times (S,) in s."""
        if not parts:
            return cls(
                np.empty((len(times), 0, 3, 3)), np.empty((len(times), 0, 3)), np.empty((0, 3))
            )
        poses = np.stack([part.poses(times) for part in parts], 1)
        half_sizes = np.array([part.half_size for part in parts])
        return cls(poses[..., :3, :3], poses[..., :3, 3], half_sizes)

    def distance(self, positions: np.ndarray) -> np.ndarray:
        """Distances (S, K) in m of positions (S, K, 3) at those times to the nearest box.

        0 within one, inf where there is none.
        """
        offset = positions[:, :, None] - self.centres[:, None]  # (S, K, P, 3)
        local = np.abs((offset[..., None, :] @ self.rotations[:, None])[..., 0, :])
        outside = np.maximum(local - self.half_sizes, 0)
        return np.sqrt((outside**2).sum(-1).min(-1, initial=np.inf))
