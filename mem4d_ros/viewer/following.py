"""Where to look on from while the camera moves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

BEHIND_M, ABOVE_M, AHEAD_M = 2.2, 1.3, 1.5
SHARE = 0.12
"""Of the way to where it should be, at each step."""
OVERVIEW = 1.1
"""Distance of a view of all, in diagonals of what is to be seen."""
TELEPORT_M = 5.0
"""Farther off, it is there at once."""


@dataclass(frozen=True)
class Viewpoint:
    """Position (3,), and the point (3,) that is looked at, in a z-up map."""

    position: np.ndarray
    target: np.ndarray

    def towards(self, other: Viewpoint) -> Viewpoint:
        """A step of the way to another."""
        if np.linalg.norm(other.position - self.position) > TELEPORT_M:
            return other
        return Viewpoint(
            self.position + SHARE * (other.position - self.position),
            self.target + SHARE * (other.target - self.target),
        )


def behind(map_from_camera: np.ndarray) -> Viewpoint:
    """Behind and above a camera (4, 4), whose heading counts, but not how far it looks down."""
    forward, centre = map_from_camera[:3, 2], map_from_camera[:3, 3]
    level = np.array([forward[0], forward[1], 0.0])
    length = float(np.linalg.norm(level))
    # A camera that looks straight down has its heading where the top of its image is.
    level = level / length if length > 0.1 else -map_from_camera[:3, 1] * (1.0, 1.0, 0.0)
    up = np.array([0.0, 0.0, 1.0])
    return Viewpoint(centre - BEHIND_M * level + ABOVE_M * up, centre + AHEAD_M * level)


def overview(positions: np.ndarray, map_from_camera: np.ndarray) -> Viewpoint:
    """From behind a camera (4, 4) and so far off that most of the points (N, 3) are in view."""
    if not len(positions):
        return behind(map_from_camera)
    low, high = np.percentile(positions, (3, 97), axis=0)
    near = behind(map_from_camera)
    direction = near.position - near.target
    direction /= np.linalg.norm(direction)
    target = (low + high) / 2
    return Viewpoint(target + OVERVIEW * float(np.linalg.norm(high - low)) * direction, target)
