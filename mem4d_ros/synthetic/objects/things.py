"""Small things, and how they stand about on tables, shelves and floors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

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


@dataclass(frozen=True)
class Surface:
    """A level rectangle to put things on; `pose` (4, 4) has its centre and z up."""

    pose: np.ndarray
    half_width: float
    half_depth: float
    clearance: float  # m of free height


def laid_out(palette: Palette, surface: Surface, density: float) -> list[Part]:
    """Things side by side on a surface, `density` of its width taken on average."""
    rng = palette.rng
    parts: list[Part] = []
    left = -surface.half_width
    while left < surface.half_width:
        if rng.random() > density:
            left += rng.uniform(0.05, 0.2)
            continue
        thing = _fitting(palette, surface)
        low, high = _extent(thing)
        width, depth = high[:2] - low[:2]
        if left + width > surface.half_width:
            break
        room = max(surface.half_depth - depth / 2, 0)
        y = rng.uniform(-room, room) - (low[1] + high[1]) / 2
        parts += placed(thing, surface.pose @ translation(left - low[0], y, 0))
        left += width + rng.uniform(0.01, 0.12)
    return parts


def _fitting(palette: Palette, surface: Surface) -> list[Part]:
    """A thing that fits; a sheet of paper always does."""
    for _ in range(4):
        thing = THINGS[palette.rng.choice(len(THINGS), p=SHARES)](palette)
        low, high = _extent(thing)
        if high[2] < surface.clearance and high[1] - low[1] < 2 * surface.half_depth:
            return placed(thing, rotation("z", palette.rng.normal(0, 0.25)))
    return sheet(palette)


def _extent(parts: list[Part]) -> tuple[np.ndarray, np.ndarray]:
    """The corners (3,), (3,) of the axis-aligned box around parts."""
    reach = [np.abs(part.pose[:3, :3]) @ part.half_size for part in parts]
    low = np.min([part.pose[:3, 3] - r for part, r in zip(parts, reach, strict=True)], 0)
    high = np.max([part.pose[:3, 3] + r for part, r in zip(parts, reach, strict=True)], 0)
    return low, high


def mug(palette: Palette) -> list[Part]:
    """A mug with a handle."""
    radius, height = palette.rng.uniform(0.035, 0.05), palette.rng.uniform(0.08, 0.11)
    material = palette.glazed()
    inside = palette.painted((0.05, 0.3), vivid=0.4)
    return [
        cylinder(radius, height, (0, 0, height / 2), material),
        cylinder(radius * 0.88, 0.002, (0, 0, height), inside),
        box((radius, 0.012, height * 0.5), (radius * 1.2, 0, height / 2), material),
    ]


def bottle(palette: Palette) -> list[Part]:
    """A bottle with a neck."""
    radius, height = palette.rng.uniform(0.03, 0.05), palette.rng.uniform(0.18, 0.32)
    body = height * 0.65
    glass = palette.painted((0.05, 0.8), vivid=0.5, gloss=0.3)
    label = palette.fitted("page", width=2 * np.pi * radius, height=body * 0.5)
    return [
        cylinder(radius, body, (0, 0, body / 2), glass),
        cylinder(radius * 1.01, body * 0.5, (0, 0, body * 0.45), label),
        ellipsoid((radius * 2, radius * 2, radius * 1.6), (0, 0, body), glass),
        cylinder(radius * 0.35, height - body, (0, 0, (height + body) / 2), palette.glazed()),
    ]


def jar(palette: Palette) -> list[Part]:
    """A jar with a lid."""
    radius, height = palette.rng.uniform(0.04, 0.07), palette.rng.uniform(0.1, 0.2)
    label = palette.fitted("page", "poster", width=2 * np.pi * radius, height=height)
    return [
        cylinder(radius, height, (0, 0, height / 2), label),
        cylinder(radius * 0.95, 0.02, (0, 0, height + 0.01), palette.metal()),
    ]


def packet(palette: Palette) -> list[Part]:
    """A packet with print on it."""
    width, depth = palette.rng.uniform(0.08, 0.22), palette.rng.uniform(0.04, 0.09)
    height = palette.rng.uniform(0.12, 0.3)
    material = palette.fitted("page", "poster", width=width, height=height)
    return [box((width, depth, height), (0, 0, height / 2), material)]


def carton(palette: Palette) -> list[Part]:
    """A carton."""
    width, depth, height = palette.rng.uniform((0.15, 0.15, 0.1), (0.4, 0.35, 0.3))
    cardboard = palette.textured("mottled", tile=0.6, tint=(0.75, 0.58, 0.4))
    tape = palette.painted((0.5, 0.8), vivid=0.3)
    return [
        box((width, depth, height), (0, 0, height / 2), cardboard),
        box((width, 0.05, 0.002), (0, 0, height), tape),
    ]


def bowl(palette: Palette) -> list[Part]:
    """A bowl."""
    radius = palette.rng.uniform(0.07, 0.14)
    dish = ellipsoid((2 * radius, 2 * radius, radius), (0, 0, radius / 2), palette.glazed())
    fruit = palette.painted((0.5, 0.95), vivid=0.75, gloss=0.08)
    size = radius * 0.7
    places = palette.rng.uniform(-0.5, 0.5, (4, 2)) * radius
    return [
        dish,
        *(ellipsoid((size, size, size), (x, y, radius * 0.9), fruit) for x, y in places.tolist()),
    ]


def plates(palette: Palette) -> list[Part]:
    """A stack of plates."""
    radius, height = palette.rng.uniform(0.08, 0.14), palette.rng.uniform(0.01, 0.08)
    return [cylinder(radius, height, (0, 0, height / 2), palette.glazed())]


def books(palette: Palette) -> list[Part]:
    """Standing, as one block with printed spines or as books of their own."""
    depth, height = palette.rng.uniform(0.14, 0.2), palette.rng.uniform(0.2, 0.27)
    if palette.rng.random() < 0.6:
        width = palette.rng.uniform(0.15, 0.4)
        print_ = palette.fitted("spines", width=max(width, 0.3), height=height)
        return [box((width, depth, height), (0, 0, height / 2), print_)]
    parts, left = [], 0.0
    for _ in range(int(palette.rng.integers(3, 8))):
        width, tall = palette.rng.uniform(0.015, 0.05), height * palette.rng.uniform(0.75, 1.0)
        cover = palette.painted((0.1, 0.9), vivid=0.45)
        parts.append(box((width * 0.95, depth, tall), (left + width / 2, 0, tall / 2), cover))
        left += width
    return parts


def pile_of_books(palette: Palette) -> list[Part]:
    """Books, one on the other."""
    parts, base = [], 0.0
    for _ in range(int(palette.rng.integers(1, 6))):
        width, depth, height = palette.rng.uniform((0.2, 0.15, 0.015), (0.28, 0.2, 0.04))
        cover = palette.fitted("page", "poster", width=width, height=depth)
        flat = box((width, depth, height), (0, 0, base + height / 2), cover)
        parts += placed([flat], rotation("z", palette.rng.normal(0, 0.15)))
        base += height
    return parts


def sheet(palette: Palette) -> list[Part]:
    """A sheet of paper."""
    return [
        box((0.21, 0.297, 0.002), (0, 0, 0.001), palette.fitted("page", width=0.21, height=0.297))
    ]


def plant(palette: Palette) -> list[Part]:
    """A plant in a pot."""
    size = palette.rng.uniform(0.08, 0.2)
    pot = cylinder(size * 0.5, size, (0, 0, size / 2), palette.painted((0.3, 0.9), vivid=0.4))
    leaves = palette.textured("foliage", tile=0.25)
    parts = [pot]
    for _ in range(int(palette.rng.integers(4, 9))):
        x, y, z = palette.rng.uniform((-0.6, -0.6, 1.0), (0.6, 0.6, 2.2)) * size
        a, b, c = palette.rng.uniform(0.35, 1.0, 3) * size
        tilt = rotation("x", palette.rng.normal(0, 0.7)) @ rotation("y", palette.rng.normal(0, 0.7))
        parts += placed(
            [ellipsoid((a, b, c * 0.5), (0, 0, 0), leaves)], translation(x, y, z) @ tilt
        )
    return parts


def desk_lamp(palette: Palette) -> list[Part]:
    """A desk lamp."""
    height = palette.rng.uniform(0.3, 0.5)
    shade = palette.painted((0.7, 1.0), vivid=0.2)
    metal = palette.metal()
    return [
        cylinder(0.07, 0.02, (0, 0, 0.01), metal),
        cylinder(0.01, height, (0, 0, height / 2), metal),
        cylinder(palette.rng.uniform(0.08, 0.13), 0.16, (0, 0, height), shade),
    ]


def laptop(palette: Palette) -> list[Part]:
    """An open laptop."""
    width, depth = 0.34, 0.23
    case = palette.painted((0.1, 0.8), vivid=0.1, gloss=0.1)
    lid = translation(0, -depth / 2, 0.02) @ rotation("x", palette.rng.uniform(0.1, 0.5))
    picture = palette.fitted("screen", width=width, height=depth, emission=0.8)
    keys = palette.fitted("keyboard", width=width, height=depth)
    return [
        box((width, depth, 0.018), (0, 0, 0.009), case),
        box((width * 0.92, depth * 0.5, 0.002), (0, -0.03, 0.019), keys),
        *placed([box((width, 0.008, depth), (0, 0, depth / 2), case)], lid),
        *placed([box((width * 0.94, 0.002, depth * 0.9), (0, 0.005, depth / 2), picture)], lid),
    ]


def monitor(palette: Palette) -> list[Part]:
    """A monitor on its foot."""
    width, height = palette.rng.uniform(0.45, 0.7), palette.rng.uniform(0.28, 0.38)
    case = palette.painted((0.03, 0.25), vivid=0.05, gloss=0.08)
    picture = palette.fitted("screen", width=width, height=height, emission=0.9)
    return [
        box((0.22, 0.16, 0.015), (0, 0, 0.008), case),
        box((0.05, 0.03, 0.2), (0, -0.02, 0.1), case),
        box((width, 0.04, height), (0, 0, 0.1 + height / 2), case),
        box((width * 0.95, 0.004, height * 0.92), (0, 0.021, 0.1 + height / 2), picture),
        box(
            (0.42, 0.13, 0.02), (0, 0.22, 0.01), palette.fitted("keyboard", width=0.42, height=0.13)
        ),
    ]


def kettle(palette: Palette) -> list[Part]:
    """A kettle."""
    radius, height = palette.rng.uniform(0.07, 0.09), palette.rng.uniform(0.18, 0.24)
    body, dark = palette.metal(), palette.painted((0.02, 0.2), vivid=0.1)
    return [
        cylinder(radius, height, (0, 0, height / 2), body),
        ellipsoid((2 * radius, 2 * radius, 0.07), (0, 0, height), dark),
        box((0.02, 0.03, height * 0.7), (radius * 1.6, 0, height * 0.55), dark),
        box((radius * 0.8, 0.03, 0.02), (radius * 1.2, 0, height * 0.9), dark),
    ]


def appliance(palette: Palette) -> list[Part]:
    """A toaster, a microwave or a coffee machine: a box with a front."""
    width, depth, height = palette.rng.uniform((0.2, 0.18, 0.18), (0.48, 0.32, 0.34))
    front = palette.painted((0.02, 0.2), vivid=0.1, gloss=0.15)
    y = depth / 2
    return [
        box((width, depth, height), (0, 0, height / 2), palette.metal()),
        box((width * 0.6, 0.006, height * 0.7), (width * 0.12, y, height / 2), front),
        cylinder(0.015, 0.02, (-width * 0.36, y, height * 0.3), palette.glazed()),
        box((0.015, 0.02, height * 0.6), (-width * 0.24, y + 0.01, height / 2), palette.metal()),
    ]


def teddy(palette: Palette) -> list[Part]:
    """A teddy bear."""
    size = palette.rng.uniform(0.12, 0.25)
    fur = palette.textured("pile", tile=0.3, tint=palette.colour((0.4, 0.9), 0.45))
    shapes = (
        ((0.6, 0.5, 0.75), (0, 0, 0.38)),
        ((0.5, 0.45, 0.45), (0, 0, 0.9)),
        ((0.16, 0.1, 0.16), (0.2, 0, 1.1)),
        ((0.16, 0.1, 0.16), (-0.2, 0, 1.1)),
        ((0.2, 0.55, 0.2), (0.2, 0.3, 0.12)),
        ((0.2, 0.55, 0.2), (-0.2, 0.3, 0.12)),
    )
    return [
        ellipsoid((a * size, b * size, c * size), (x * size, y * size, z * size), fur)
        for (a, b, c), (x, y, z) in shapes
    ]


def frame(palette: Palette) -> list[Part]:
    """A photograph in a standing frame."""
    width, height = palette.rng.uniform(0.1, 0.2), palette.rng.uniform(0.13, 0.25)
    picture = palette.fitted("view", "poster", width=width, height=height)
    lean = rotation("x", 0.2)
    upright = [
        box((width, 0.015, height), (0, 0, height / 2), palette.wood()),
        box((width * 0.8, 0.002, height * 0.8), (0, 0.009, height / 2), picture),
    ]
    return placed(upright, lean)


SHARES_OF_THINGS: dict[Maker, float] = {
    mug: 3, bottle: 3, jar: 2, packet: 3, carton: 1, bowl: 1.5, plates: 1.5, books: 4,
    pile_of_books: 2, sheet: 2, plant: 1.5, desk_lamp: 1, laptop: 1, monitor: 0.8, kettle: 0.7,
    appliance: 1.2, teddy: 0.7, frame: 1.2,
}  # fmt: skip
THINGS = tuple(SHARES_OF_THINGS)
SHARES = np.array(list(SHARES_OF_THINGS.values())) / sum(SHARES_OF_THINGS.values())
