"""Bodies that keep clear of what stands in their way."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from mem4d_ros.synthetic.objects.palette import Palette
from mem4d_ros.synthetic.scene.obstacles import Obstacles
from mem4d_ros.synthetic.scene.scene import Part
from mem4d_ros.synthetic.scene.stage import Rectangle

BodyMaker = Callable[[Palette, Rectangle], list[Part]]

CANDIDATES = 24
LOOK_AHEAD = np.linspace(0.0, 8.0, 33)  # s after the start in which a body must stay clear


def clear_body(
    make: BodyMaker, palette: Palette, floor: Rectangle, obstacles: Sequence[Part]
) -> list[Part]:
    """The first of some random bodies that meets no obstacle, or the one that meets them least.

    The obstacles may move, too.
    """
    hindrance = Obstacles.of(_within_reach(obstacles, floor), LOOK_AHEAD)
    best: list[Part] = []
    most = -np.inf
    for _ in range(CANDIDATES):
        body = make(palette, floor)
        gap = _gap(body, hindrance)
        if gap > most:
            best, most = body, gap
        if gap > 0:
            break
    return best


def _gap(body: list[Part], obstacles: Obstacles) -> float:
    """The least distance in m between the balls inside a body's parts and the obstacles' boxes."""
    middles = np.stack([part.poses(LOOK_AHEAD)[:, :3, 3] for part in body], 1)  # (S, P, 3)
    radii = np.array([np.median(part.half_size) for part in body])
    return float((obstacles.distance(middles) - radii).min())


def _within_reach(obstacles: Sequence[Part], floor: Rectangle) -> list[Part]:
    """Those that may come within a metre of a body over the floor, whose height is up to 2 m."""
    low, high = np.array([floor[0], floor[2]]) - 1, np.array([floor[1], floor[3]]) + 1
    near = []
    for part in obstacles:
        reach = np.linalg.norm(part.half_size)
        place = part.pose[:3, 3]
        inside = (place[:2] + reach > low) & (place[:2] - reach < high)
        if part.motion is not None or (inside.all() and place[2] - reach < 2.0):
            near.append(part)
    return near
