"""What stands on pavements: trees, lamps, signs, bins, benches. Each on the origin, at z = 0."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from mem4d_ros.synthetic.objects.palette import Palette
from mem4d_ros.synthetic.scene.scene import (
    Part,
    box,
    cylinder,
    ellipsoid,
    placed,
    rotation,
    translation,
)

Maker = Callable[[Palette], list[Part]]


def tree(palette: Palette) -> list[Part]:
    """A trunk and a crown of many leaves."""
    rng = palette.rng
    height, crown = rng.uniform(3.5, 8.0), rng.uniform(1.0, 2.2)
    bark = palette.textured("mottled", tile=0.6, tint=palette.colour((0.25, 0.5), vivid=0.25))
    leaves = palette.textured("foliage", tile=1.2)
    parts = [cylinder(rng.uniform(0.08, 0.2), height, (0, 0, height / 2), bark)]
    for _ in range(int(rng.integers(8, 16))):
        x, y, z = rng.normal(0, 0.42, 3).clip(-0.8, 0.8) * crown
        a, b, c = rng.uniform(0.6, 1.3, 3) * crown
        place = translation(x, y, height + z) @ rotation("z", rng.uniform(0, np.pi))
        parts += placed([ellipsoid((a, b, c), (0, 0, 0), leaves)], place)
    return parts


def street_lamp(palette: Palette) -> list[Part]:
    """A lamp post."""
    height, reach = palette.rng.uniform(4.0, 8.0), palette.rng.uniform(0.6, 1.6)
    metal = palette.metal()
    return [
        cylinder(0.09, 1.0, (0, 0, 0.5), metal),
        cylinder(0.05, height, (0, 0, height / 2), metal),
        box((0.06, reach, 0.06), (0, reach / 2, height), metal),
        box((0.25, 0.6, 0.1), (0, reach, height - 0.03), palette.painted((0.6, 1.0), vivid=0.1)),
    ]


def traffic_sign(palette: Palette) -> list[Part]:
    """A round, a square or a large sign on a pole, facing ±x."""
    rng = palette.rng
    metal, size, height = palette.metal(), rng.uniform(0.25, 0.4), rng.uniform(2.0, 2.8)
    face = palette.painted((0.4, 1.0), vivid=0.75)
    parts = [cylinder(0.03, height, (0, 0, height / 2), metal)]
    if rng.random() < 0.6:
        disc = [
            cylinder(size, 0.02, (0, 0, 0), palette.plain((0.7, 0.06, 0.06))),
            cylinder(size * 0.75, 0.03, (0, 0, 0), palette.painted((0.85, 1.0), vivid=0.05)),
        ]
        return parts + placed(disc, translation(0, 0, height) @ rotation("y", np.pi / 2))
    return [*parts, box((0.02, 2 * size, 2 * size), (0, 0, height), face)]


def bollard(palette: Palette) -> list[Part]:
    """A bollard."""
    radius, height = palette.rng.uniform(0.05, 0.12), palette.rng.uniform(0.7, 1.1)
    body = palette.painted((0.05, 0.8), vivid=0.2)
    return [
        cylinder(radius, height, (0, 0, height / 2), body),
        cylinder(radius * 1.05, 0.1, (0, 0, height * 0.85), palette.painted((0.8, 1.0), vivid=0.3)),
    ]


def litter_bin(palette: Palette) -> list[Part]:
    """A litter bin."""
    radius, height = palette.rng.uniform(0.2, 0.35), palette.rng.uniform(0.7, 1.2)
    body = palette.painted((0.1, 0.7), vivid=0.4)
    return [
        cylinder(radius, height, (0, 0, height / 2), body),
        cylinder(radius * 1.06, 0.08, (0, 0, height), palette.painted((0.05, 0.4), vivid=0.1)),
    ]


def bench(palette: Palette) -> list[Part]:
    """A bench."""
    wood, iron = palette.wood(), palette.metal()
    parts = [box((0.06, 0.45, 0.45), (x, 0, 0.22), iron) for x in (-0.7, 0.7)]
    parts += [box((1.7, 0.12, 0.03), (0, y, 0.46), wood) for y in (-0.15, 0.0, 0.15)]
    return parts + [box((1.7, 0.03, 0.12), (0, -0.22, z), wood) for z in (0.62, 0.8)]


def cabinet(palette: Palette) -> list[Part]:
    """Of the telephone, the post, the traffic lights."""
    width, depth, height = palette.rng.uniform((0.4, 0.3, 0.9), (1.1, 0.5, 1.6))
    body = palette.painted((0.2, 0.8), vivid=0.4)
    print_ = palette.fitted("page", "poster", width=width, height=height)
    return [
        box((width, depth, height), (0, 0, height / 2), body),
        box((width * 0.6, depth + 0.01, height * 0.5), (0, 0, height * 0.6), print_),
    ]


SHARES: dict[Maker, float] = {
    tree: 4, street_lamp: 2, traffic_sign: 1.5, bollard: 2, litter_bin: 1, bench: 0.7, cabinet: 0.8,
}  # fmt: skip
