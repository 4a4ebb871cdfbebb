"""Furniture. Each piece stands on the floor with its back in the plane y = 0, facing +y."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from mem4d_ros.synthetic.objects.palette import Palette
from mem4d_ros.synthetic.objects.things import Surface
from mem4d_ros.synthetic.scene.scene import (
    Material,
    Part,
    box,
    cylinder,
    ellipsoid,
    placed,
    rotation,
    translation,
)


@dataclass(frozen=True)
class Furniture:
    """Parts and the surfaces that carry things, in a box of width x depth x height m."""

    width: float
    depth: float
    height: float
    parts: list[Part]
    surfaces: list[Surface] = field(default_factory=list)

    def placed(self, pose: np.ndarray) -> Furniture:
        surfaces = [
            Surface(pose @ s.pose, s.half_width, s.half_depth, s.clearance) for s in self.surfaces
        ]
        parts = placed(self.parts, pose)
        return Furniture(self.width, self.depth, self.height, parts, surfaces)


Maker = Callable[[Palette], Furniture]


def table(palette: Palette) -> Furniture:
    """A table, to eat at or to work at, or a low one."""
    rng = palette.rng
    height = rng.uniform(0.4, 0.5) if rng.random() < 0.25 else rng.uniform(0.7, 0.78)
    width, depth = rng.uniform(0.8, 1.7), rng.uniform(0.55, 0.95)
    top = palette.wood()
    parts = [box((width, depth, 0.03), (0, depth / 2, height - 0.015), top)]
    leg = palette.metal() if rng.random() < 0.4 else top
    for x in (-1, 1):
        for y in (0.06, depth - 0.06):
            parts.append(_leg(rng, (x * (width / 2 - 0.06), y), height - 0.03, leg))
    if rng.random() < 0.6:
        parts.append(box((width - 0.14, depth - 0.14, 0.08), (0, depth / 2, height - 0.07), top))
    return Furniture(width, depth, height, parts, [_on_top(width, depth, height)])


def round_table(palette: Palette) -> Furniture:
    """A round top on a column."""
    radius, height = palette.rng.uniform(0.35, 0.6), palette.rng.uniform(0.5, 0.76)
    top, foot = palette.wood(), palette.metal()
    parts = [
        cylinder(radius, 0.03, (0, radius, height - 0.015), top),
        cylinder(0.04, height, (0, radius, height / 2), foot),
        cylinder(radius * 0.6, 0.03, (0, radius, 0.015), foot),
    ]
    side = radius * 1.3
    surface = Surface(translation(0, radius, height), side / 2, side / 2, 0.6)
    return Furniture(2 * radius, 2 * radius, height, parts, [surface])


def chair(palette: Palette) -> Furniture:
    """Four legs, a seat and a back at y = 0."""
    rng = palette.rng
    width, depth, seat = rng.uniform(0.4, 0.48), rng.uniform(0.4, 0.46), rng.uniform(0.43, 0.48)
    height = rng.uniform(0.8, 1.0)
    wood = palette.wood()
    cover = palette.cloth() if rng.random() < 0.5 else wood
    parts = [box((width, depth, 0.04), (0, depth / 2, seat), cover)]
    for x in (-1, 1):
        across = x * (width / 2 - 0.025)
        parts.append(box((0.035, 0.035, seat), (across, depth - 0.03, seat / 2), wood))
        parts.append(box((0.035, 0.035, height), (across, 0.02, height / 2), wood))
    slats = int(rng.integers(1, 4))
    tall = (height - seat) * 0.7 / slats
    for slat in range(slats):
        z = height - tall * (slat + 0.5)
        parts.append(box((width - 0.06, 0.02, tall * 0.8), (0, 0.02, z), cover))
    return Furniture(width, depth, height, parts)


def stool(palette: Palette) -> Furniture:
    """A stool, round or square."""
    radius, height = palette.rng.uniform(0.16, 0.22), palette.rng.uniform(0.42, 0.7)
    legs = palette.metal()
    parts = [cylinder(radius, 0.05, (0, radius, height), palette.cloth())]
    for angle in np.arange(4) * np.pi / 2 + 0.4:
        x, y = 0.8 * radius * np.cos(angle), radius + 0.8 * radius * np.sin(angle)
        parts.append(cylinder(0.014, height, (x, y, height / 2), legs))
    return Furniture(2 * radius, 2 * radius, height, parts)


def swivel_chair(palette: Palette) -> Furniture:
    """An office chair with five feet."""
    seat, height = palette.rng.uniform(0.44, 0.52), palette.rng.uniform(0.9, 1.15)
    cover, metal = palette.cloth(), palette.metal()
    middle = 0.3
    parts = [
        box((0.46, 0.46, 0.08), (0, middle, seat), cover),
        ellipsoid((0.44, 0.12, height - seat), (0, 0.06, (height + seat) / 2), cover),
        cylinder(0.03, seat, (0, middle, seat / 2), metal),
    ]
    for turn in np.arange(5) * 2 * np.pi / 5:
        foot = box((0.3, 0.04, 0.03), (0.15, 0, 0.06), metal)
        parts += placed([foot], translation(0, middle, 0) @ rotation("z", turn))
    return Furniture(0.55, 0.6, height, parts)


def sofa(palette: Palette) -> Furniture:
    """A sofa or an armchair, with cushions."""
    rng = palette.rng
    width = rng.uniform(0.8, 1.0) if rng.random() < 0.35 else rng.uniform(1.4, 2.2)
    depth, seat, height = rng.uniform(0.8, 0.95), rng.uniform(0.38, 0.45), rng.uniform(0.72, 0.9)
    cover = palette.cloth()
    parts = [
        box((width, depth, seat - 0.12), (0, depth / 2, seat / 2 - 0.03), cover),
        box((width, 0.22, height - 0.06), (0, 0.11, height / 2 + 0.03), cover),
    ]
    for side in (-1, 1):
        arm = (side * (width / 2 - 0.09), depth / 2, 0.34)
        parts.append(box((0.18, depth, 0.56), arm, cover))
    seats = max(1, round((width - 0.36) / 0.65))
    each = (width - 0.36) / seats
    for i in range(seats):
        x = -width / 2 + 0.18 + each * (i + 0.5)
        parts.append(
            box((each * 0.98, depth - 0.22, 0.14), (x, depth / 2 + 0.11, seat - 0.05), cover)
        )
        if rng.random() < 0.6:
            lean = translation(x, 0.32, seat + 0.2) @ rotation("x", -0.35) @ rotation("y", 0.3)
            parts += placed([ellipsoid((0.42, 0.16, 0.42), (0, 0, 0), palette.cloth())], lean)
    return Furniture(width, depth, height, parts)


def bed(palette: Palette) -> Furniture:
    """The head at the wall."""
    width, depth = palette.rng.uniform(0.9, 1.7), palette.rng.uniform(1.95, 2.1)
    height = palette.rng.uniform(0.8, 1.1)
    wood, linen = palette.wood(), palette.painted((0.85, 1.0), vivid=0.1)
    parts = [
        box((width, 0.06, height), (0, 0.03, height / 2), wood),
        box((width, depth, 0.3), (0, depth / 2, 0.17), wood),
        box((width - 0.06, depth - 0.1, 0.2), (0, depth / 2 + 0.02, 0.4), linen),
        box((width + 0.02, depth * 0.65, 0.16), (0, depth * 0.66, 0.44), palette.cloth()),
    ]
    pillows = 1 if width < 1.2 else 2
    for i in range(pillows):
        x = (i - (pillows - 1) / 2) * 0.75
        parts.append(ellipsoid((0.7, 0.45, 0.18), (x, 0.35, 0.53), linen))
    return Furniture(width, depth, height, parts)


def bookcase(palette: Palette) -> Furniture:
    """Open shelves."""
    rng = palette.rng
    width, depth, height = rng.uniform(0.6, 1.3), rng.uniform(0.26, 0.36), rng.uniform(1.0, 2.1)
    wood = palette.wood()
    boards = int(rng.integers(3, 6))
    parts = [box((width, 0.01, height), (0, 0.005, height / 2), wood)]
    for x in (-1, 1):
        parts.append(
            box((0.02, depth, height), (x * (width / 2 - 0.01), depth / 2, height / 2), wood)
        )
    surfaces = []
    pitch = (height - 0.08) / boards
    for i in range(boards + 1):
        z = 0.06 + i * pitch
        parts.append(box((width - 0.04, depth, 0.02), (0, depth / 2, z), wood))
        free = 0.5 if i == boards else pitch - 0.03
        pose = translation(0, depth / 2, z + 0.01)
        surfaces.append(Surface(pose, width / 2 - 0.03, depth / 2 - 0.02, free))
    return Furniture(width, depth, height, parts, surfaces)


def cupboard(palette: Palette) -> Furniture:
    """Doors or drawers: a wardrobe, a sideboard, a chest."""
    rng = palette.rng
    tall = rng.random() < 0.45
    height = rng.uniform(1.7, 2.2) if tall else rng.uniform(0.7, 1.1)
    width, depth = rng.uniform(0.7, 1.6), rng.uniform(0.38, 0.6)
    rows = 1 if tall or rng.random() < 0.4 else int(rng.integers(2, 5))
    body, knobs = palette.wood(), palette.metal()
    fronts = body if rng.random() < 0.7 else palette.wood()
    parts = [box((width, depth, height), (0, depth / 2, height / 2), body)]
    columns = max(1, round(width / 0.55))
    parts += fronts_of((width, height - 0.08), (0, depth, 0.08), (columns, rows), fronts, knobs)
    return Furniture(width, depth, height, parts, [_on_top(width, depth, height)])


def television(palette: Palette) -> Furniture:
    """A low board with a screen on it."""
    rng = palette.rng
    width, depth, height = rng.uniform(1.2, 1.8), rng.uniform(0.35, 0.45), rng.uniform(0.4, 0.55)
    across, tall = rng.uniform(0.8, 1.2), rng.uniform(0.48, 0.66)
    black = palette.painted((0.02, 0.1), vivid=0.05, gloss=0.1)
    lit = 1.0 if rng.random() < 0.4 else 0.0
    screen = (
        palette.fitted("view", "screen", width=across, height=tall, emission=lit) if lit else black
    )
    z = height + 0.08 + tall / 2
    parts = [
        box((width, depth, height), (0, depth / 2, height / 2), palette.wood()),
        box((0.4, 0.2, 0.02), (0, depth / 2, height + 0.01), black),
        box((0.1, 0.04, 0.1), (0, depth / 2, height + 0.05), black),
        box((across, 0.05, tall), (0, depth / 2, z), black),
        box((across - 0.03, 0.004, tall - 0.03), (0, depth / 2 + 0.026, z), screen),
    ]
    parts += fronts_of(
        (width, height - 0.06), (0, depth, 0.06), (3, 1), palette.wood(), palette.metal()
    )
    return Furniture(width, depth, z + tall / 2, parts)


def floor_lamp(palette: Palette) -> Furniture:
    """A lamp on a pole."""
    height, radius = palette.rng.uniform(1.4, 1.8), palette.rng.uniform(0.14, 0.24)
    metal = palette.metal()
    shade = Material(palette.library.members["fabric"][0], (1.0, 0.92, 0.78), emission=0.8)
    parts = [
        cylinder(0.14, 0.03, (0, 0.25, 0.015), metal),
        cylinder(0.015, height, (0, 0.25, height / 2), metal),
        cylinder(radius, 0.3, (0, 0.25, height), shade),
    ]
    return Furniture(0.5, 0.5, height + 0.15, parts)


def pot_plant(palette: Palette) -> Furniture:
    """A plant as tall as a child."""
    rng = palette.rng
    height, leaves = rng.uniform(0.9, 1.7), palette.textured("foliage", tile=0.4)
    parts = [
        cylinder(0.16, 0.3, (0, 0.25, 0.15), palette.painted((0.3, 0.9), vivid=0.4)),
        cylinder(0.02, height * 0.7, (0, 0.25, height * 0.35), palette.wood()),
    ]
    for _ in range(int(rng.integers(8, 16))):
        x, y, z = rng.uniform((-0.28, 0.05, 0.45), (0.28, 0.5, height))
        a, b, c = rng.uniform((0.15, 0.08, 0.03), (0.4, 0.2, 0.08))
        tilt = rotation("z", rng.uniform(0, 6)) @ rotation("y", rng.normal(0, 0.6))
        parts += placed([ellipsoid((a, b, c), (0, 0, 0), leaves)], translation(x, y, z) @ tilt)
    return Furniture(0.55, 0.55, height, parts)


def fronts_of(
    size: tuple[float, float],
    corner: tuple[float, float, float],
    grid: tuple[int, int],
    material: Material,
    knobs: Material,
) -> list[Part]:
    """Doors or drawers, columns x rows, with handles, over a face at y = corner[1].

    size (width, height); corner is the middle of the face's lower edge.
    """
    (width, height), (columns, rows) = size, grid
    across, tall = width / columns, height / rows
    parts = []
    for column in range(columns):
        for row in range(rows):
            x = corner[0] - width / 2 + across * (column + 0.5)
            z = corner[2] + tall * (row + 0.5)
            parts.append(
                box((across - 0.012, 0.02, tall - 0.012), (x, corner[1] + 0.01, z), material)
            )
            if rows == 1:
                side = across * 0.4 * (1 if column % 2 == 0 else -1)
                parts.append(box((0.015, 0.03, 0.12), (x + side, corner[1] + 0.03, z), knobs))
            else:
                high = z + tall * 0.2
                parts.append(box((0.12, 0.03, 0.015), (x, corner[1] + 0.03, high), knobs))
    return parts


def _on_top(width: float, depth: float, height: float) -> Surface:
    return Surface(translation(0, depth / 2, height), width / 2 - 0.04, depth / 2 - 0.04, 0.6)


def _leg(
    rng: np.random.Generator, where: tuple[float, float], height: float, material: Material
) -> Part:
    thickness = rng.uniform(0.04, 0.07)
    return box((thickness, thickness, height), (*where, height / 2), material)
