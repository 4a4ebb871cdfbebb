"""Cars and vans. Each stands on the origin at z = 0, facing +x, its wheels free to turn."""

from __future__ import annotations

import numpy as np

from mem4d_ros.synthetic.objects.bodies import moved
from mem4d_ros.synthetic.objects.palette import Palette
from mem4d_ros.synthetic.scene.motion import Spin
from mem4d_ros.synthetic.scene.scene import (
    Part,
    box,
    cylinder,
    ellipsoid,
    placed,
    rotation,
    translation,
)


def vehicle(palette: Palette, speed: float) -> list[Part]:
    """A car or a van; where `speed` (m/s) is not 0, its wheels turn as fast as it rolls."""
    return (van if palette.rng.random() < 0.2 else car)(palette, speed)


def car(palette: Palette, speed: float) -> list[Part]:
    """A hatchback or a saloon."""
    rng = palette.rng
    length, width, height = rng.uniform((3.7, 1.65, 1.4), (4.7, 1.85, 1.6))
    paint, glass = palette.car_paint(), palette.painted((0.02, 0.12), vivid=0.1, gloss=0.5)
    black = palette.painted((0.02, 0.15), vivid=0.05, gloss=0.1)
    cabin = rng.uniform(0.55, 0.72) * length
    back = rng.uniform(-0.12, -0.02) * length
    belt = 0.62 * height
    parts = [
        box((length * 0.97, width, belt - 0.32), (0, 0, (belt + 0.32) / 2 - 0.04), paint),
        ellipsoid((length, width * 0.98, 0.55), (0, 0, belt - 0.2), paint),
        ellipsoid((cabin, width * 0.92, 2 * (height - belt)), (back, 0, belt), glass),
        ellipsoid((cabin * 0.78, width * 0.8, 0.34), (back, 0, height - 0.14), paint),
        box((0.07, width * 0.9, height - belt - 0.1), (back, 0, (height + belt) / 2), paint),
        box((length, width * 0.96, 0.16), (0, 0, 0.36), black),
    ]
    parts += _ends(palette, length, width, belt)
    return parts + _wheels(
        palette, (length * 0.31, width / 2 - 0.08), rng.uniform(0.29, 0.34), speed
    )


def van(palette: Palette, speed: float) -> list[Part]:
    """A box with a cab."""
    rng = palette.rng
    length, width, height = rng.uniform((4.6, 1.85, 1.9), (6.0, 2.1, 2.6))
    paint, glass = palette.car_paint(), palette.painted((0.02, 0.12), vivid=0.1, gloss=0.5)
    bonnet = 0.9
    front = length / 2 - bonnet
    parts = [
        box((length - bonnet, width, height - 0.35), (-bonnet / 2, 0, height / 2 + 0.175), paint),
        box((length * 0.98, width, 0.6), (0, 0, 0.65), paint),
        *placed(
            [box((0.06, width * 0.9, 1.0), (0, 0, 0), glass)],
            translation(front + 0.3, 0, 1.35) @ rotation("y", -0.55),
        ),
        box((0.8, width + 0.02, 0.55), (front - 0.6, 0, height * 0.68), glass),
    ]
    if rng.random() < 0.5:
        print_ = palette.fitted("poster", "page", width=length * 0.4, height=height * 0.4)
        size = (length * 0.4, width + 0.02, height * 0.4)
        parts.append(box(size, (-length * 0.2, 0, height * 0.6), print_))
    parts += _ends(palette, length, width, 0.95)
    return parts + _wheels(palette, (length * 0.32, width / 2 - 0.08), 0.34, speed)


def _ends(palette: Palette, length: float, width: float, belt: float) -> list[Part]:
    """Head lamps, tail lamps, number plates."""
    lamp = palette.painted((0.85, 1.0), vivid=0.05, gloss=0.4)
    tail = palette.plain((0.6, 0.05, 0.04))
    plate = palette.fitted("page", width=0.5, height=0.4)
    parts = []
    for side in (-1, 1):
        y = side * width * 0.36
        parts.append(ellipsoid((0.16, 0.3, 0.16), (length * 0.475, y, belt - 0.2), lamp))
        parts.append(box((0.08, 0.22, 0.2), (-length * 0.475, y, belt - 0.15), tail))
        parts.append(box((0.02, 0.5, 0.12), (side * length * 0.5, 0, 0.5), plate))
    return parts


def _wheels(
    palette: Palette, place: tuple[float, float], radius: float, speed: float
) -> list[Part]:
    """Four wheels at (± x, ± y) of `place`."""
    tyre = palette.painted((0.03, 0.1), vivid=0.05)
    rim = palette.textured("speckle", "mottled", tile=0.5, tint=(0.7, 0.7, 0.72), gloss=0.3)
    parts = []
    for x in (-place[0], place[0]):
        for side in (-1, 1):
            axle = translation(x, side * place[1], radius) @ rotation("x", np.pi / 2)
            wheel = placed(
                [
                    cylinder(radius, 0.2, (0, 0, 0), tyre),
                    cylinder(radius * 0.65, 0.22, (0, 0, 0), rim),
                ],
                axle,
            )
            turning = Spin((x, 0.0, radius), axis=1, rate=speed / radius)
            parts += moved(wheel, turning) if speed else wheel
    return parts
