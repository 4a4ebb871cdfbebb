"""What moves in a street: cars in their lanes, people on the pavement and across the road."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from mem4d_ros.synthetic.objects.bodies import ball, moved, person, talker
from mem4d_ros.synthetic.objects.palette import Palette
from mem4d_ros.synthetic.objects.vehicles import vehicle
from mem4d_ros.synthetic.places.placement import clear_body
from mem4d_ros.synthetic.scene.motion import Straight
from mem4d_ros.synthetic.scene.scene import Part
from mem4d_ros.synthetic.scene.stage import Rectangle


def draw_traffic(
    palette: Palette,
    count: int,
    pavement: Rectangle,
    lanes: Sequence[np.ndarray],
    obstacles: Sequence[Part],
) -> list[list[Part]]:
    """So many bodies, clear of the obstacles and of each other; lanes are (2, 3) each."""
    around = list(obstacles)
    bodies = []
    for _ in range(count):
        if palette.rng.random() < 0.5:
            lane = lanes[int(palette.rng.integers(len(lanes)))]
            body = clear_body(partial(driver, lane=lane), palette, pavement, around)
        else:
            on_foot = (pedestrian, pedestrian, crossing, talker, ball)[palette.rng.integers(5)]
            body = clear_body(on_foot, palette, pavement, around)
        bodies.append(body)
        around += body
    return bodies


def driver(palette: Palette, _: Rectangle, lane: np.ndarray) -> list[Part]:
    """A vehicle that drives along a lane (2, 3)."""
    rng = palette.rng
    way = lane[1] - lane[0]
    speed = rng.uniform(2.0, 12.0)
    start = lane[0] + rng.uniform(0.15, 0.7) * way
    x, y, z = (speed * way / np.linalg.norm(way)).tolist()
    return moved(vehicle(palette, speed), Straight(tuple(start.tolist()), (x, y, z)))


def pedestrian(palette: Palette, pavement: Rectangle) -> list[Part]:
    """Someone who walks along the pavement."""
    rng = palette.rng
    x0, x1, y0, y1 = pavement
    start = (float(rng.uniform(x0, x1)) * 0.6, float(rng.uniform(y0, y1)), 0.0)
    return _walking(palette, start, (float(rng.choice([-1, 1])), float(rng.normal(0, 0.01))))


def crossing(palette: Palette, pavement: Rectangle) -> list[Part]:
    """Someone who crosses the road from the other pavement."""
    rng = palette.rng
    x0, x1, y0, _ = pavement
    start = (float(rng.uniform(x0, x1)) * 0.6, -y0 * float(rng.uniform(0.3, 1.0)), 0.0)
    return _walking(palette, start, (float(rng.normal(0, 0.2)), 1.0))


def _walking(
    palette: Palette, start: tuple[float, float, float], way: tuple[float, float]
) -> list[Part]:
    speed = palette.rng.uniform(0.8, 1.6)
    return moved(
        person(palette, stride=0.25 + 0.25 * speed),
        Straight(start, (way[0] * speed, way[1] * speed, 0.0)),
    )
