"""Stairs: inside along a wall, outside before a door."""

from __future__ import annotations

import numpy as np

from mem4d_ros.synthetic.objects.furniture import Furniture
from mem4d_ros.synthetic.objects.palette import Palette
from mem4d_ros.synthetic.scene.scene import (
    Material,
    Part,
    box,
    cylinder,
    placed,
    rotation,
    translation,
)

RISES = (0.15, 0.19)  # m
GOINGS = (0.24, 0.3)  # m


def flight(
    steps: int, rise: float, going: float, width: float, tread: Material, riser: Material
) -> list[Part]:
    """Steps that climb along +x from x = 0, `width` m wide about y = 0, solid to the floor."""
    parts = []
    for step in range(steps):
        x, top = going * (step + 0.5), rise * (step + 1)
        parts.append(box((going, width, top - 0.03), (x, 0, (top - 0.03) / 2), riser))
        parts.append(box((going + 0.02, width + 0.02, 0.03), (x - 0.01, 0, top - 0.015), tread))
    return parts


def staircase(palette: Palette) -> Furniture:
    """A short flight along the wall, a landing at its top, a banister."""
    rng = palette.rng
    steps, rise, going = int(rng.integers(3, 8)), rng.uniform(*RISES), rng.uniform(*GOINGS)
    depth, landing = rng.uniform(0.75, 0.95), rng.uniform(0.4, 0.8)
    tread, riser = palette.wood(), palette.wood()
    climb = flight(steps, rise, going, depth, tread, riser)
    leftward = rng.random() < 0.5
    top, run = steps * rise, steps * going
    climb += [
        box((landing, depth, top - 0.04), (run + landing / 2, 0, top / 2 - 0.02), riser),
        box((landing, depth, 0.04), (run + landing / 2, 0, top - 0.02), tread),
    ]
    if rng.random() < 0.7:
        room_side = (depth / 2 - 0.04) * (-1 if leftward else 1)
        climb += _banister(palette, steps, rise, going, room_side)
    width = run + landing
    along = translation(-width / 2, depth / 2, 0)
    if leftward:
        along = translation(width / 2, depth / 2, 0) @ rotation("z", np.pi)
    return Furniture(width, depth, top + 0.9, placed(climb, along))


def _banister(palette: Palette, steps: int, rise: float, going: float, side: float) -> list[Part]:
    """A post on every step and a rail along them."""
    post, rail = palette.metal(), palette.wood()
    parts = [
        cylinder(0.012, 0.85, (going * (step + 0.5), side, rise * (step + 1) + 0.425), post)
        for step in range(steps)
    ]
    slope = -np.arctan2(rise, going)
    middle = translation(going * steps / 2, side, rise * (steps + 1) / 2 + 0.87)
    length = np.hypot(rise, going) * steps
    return parts + placed(
        [box((length, 0.05, 0.04), (0, 0, 0), rail)], middle @ rotation("y", slope)
    )
