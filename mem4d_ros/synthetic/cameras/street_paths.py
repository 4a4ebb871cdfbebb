"""Paths of cameras in a street; see `cameras`."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from mem4d_ros.synthetic.cameras.paths import (
    CameraMaker,
    gaze,
    hand_held,
    look_at,
    shaken,
    standing,
    turning,
)
from mem4d_ros.synthetic.scene.stage import Stage

LONGEST_DRIVE = 0.5  # share of a lane


def in_a_car(rng: np.random.Generator, stage: Stage, times: np.ndarray) -> np.ndarray:
    """Behind the windscreen or on the bonnet, along a lane, looking ahead."""
    start, end = stage.lanes[rng.integers(len(stage.lanes))]
    length = np.linalg.norm(end - start)
    ahead = (end - start) / length
    travel = LONGEST_DRIVE * length
    speed = min(rng.uniform(2.0, 12.0), travel / max(times[-1], 1e-3))
    way = rng.uniform(0.05, 0.35) * length + speed * times
    aside = np.cross([0, 0, 1.0], ahead) * rng.normal(0, 0.15)
    position = start + way[:, None] * ahead + aside + [0, 0, rng.uniform(0.9, 1.7)]
    yaw, pitch = rng.normal(0, 0.12), rng.normal(-0.06, 0.04)
    sway = 0.05 * np.sin(times * rng.uniform(0.2, 0.8) + rng.uniform(0, 6))
    angle = np.arctan2(ahead[1], ahead[0]) + yaw + sway
    target = np.stack([np.cos(angle), np.sin(angle), np.full(len(times), pitch)], -1)
    return shaken(rng, look_at(position, position + target), times, strength=0.25)


def on_foot(rng: np.random.Generator, stage: Stage, times: np.ndarray) -> np.ndarray:
    """Walking briskly along the pavement, looking about."""
    x0, x1, y0, y1 = stage.floor
    speed, side = rng.uniform(0.8, 1.6), rng.choice([-1, 1])
    length = speed * times[-1]
    x = side * (rng.uniform(x0, max(x1 - length, x0 + 1e-3)) + speed * times)
    step = 0.02 * np.abs(np.sin(np.pi * times / 0.55))
    y = np.full(len(times), rng.uniform(y0, y1))
    position = np.stack([x, y, rng.uniform(1.3, 1.7) + step], -1)
    return shaken(rng, look_at(position, gaze(rng, stage, position, times)), times, strength=1.0)


STREET_SHARES: Mapping[CameraMaker, float] = {
    in_a_car: 0.4, on_foot: 0.2, hand_held: 0.2, turning: 0.1, standing: 0.1,
}  # fmt: skip
