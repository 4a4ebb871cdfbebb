"""A scene to film: what it is made of, where one may stand, what is worth looking at."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mem4d_ros.synthetic.scene.scene import Part, Scene

Rectangle = tuple[float, float, float, float]
"""A free part of the floor: x from, x to, y from, y to, in m."""


@dataclass(frozen=True)
class Stage:
    """A scene with its free floor and its points of interest."""

    scene: Scene
    floor: Rectangle
    interests: np.ndarray  # (K, 3) m, on what stands still
    bodies: tuple[Part, ...]  # one part of each thing that moves of its own
    viewing_distance: float = 2.0  # m from which one looks at things here
    lanes: tuple[np.ndarray, ...] = ()  # (2, 3) m each, from its start to its end
