"""What hangs on walls or is let into them, facing +y from the plane y = 0, floor at z = 0."""

from __future__ import annotations

from mem4d_ros.synthetic.objects.palette import Palette
from mem4d_ros.synthetic.objects.things import Surface, laid_out
from mem4d_ros.synthetic.scene.scene import Part, box, cylinder, placed, rotation, translation


def picture(palette: Palette, width: float, height: float, middle: float) -> list[Part]:
    """A framed picture, or a bare poster, its middle at height `middle`."""
    image = palette.fitted("view", "poster", "poster", "page", width=width, height=height)
    if palette.rng.random() < 0.3:
        return [box((width, 0.006, height), (0, 0.003, middle), image)]
    border = palette.rng.uniform(0.02, 0.06)
    return [
        box((width, 0.03, height), (0, 0.015, middle), palette.wood()),
        box((width - border, 0.006, height - border), (0, 0.031, middle), image),
    ]


def pictures(palette: Palette, width: float, lowest: float) -> list[Part]:
    """One to three pictures side by side over a stretch of wall, above `lowest`."""
    count = int(palette.rng.integers(1, 4)) if width > 1.2 else 1
    each = width / count
    parts = []
    for i in range(count):
        across = min(each * palette.rng.uniform(0.5, 0.85), 1.1)
        tall = min(across * palette.rng.uniform(0.6, 1.4), 0.9)
        middle = max(palette.rng.uniform(1.4, 1.7), lowest + tall / 2 + 0.1)
        where = translation(-width / 2 + each * (i + 0.5), 0, 0)
        parts += placed(picture(palette, across, tall, middle), where)
    return parts


def wall_shelf(palette: Palette, width: float, lowest: float) -> list[Part]:
    """One or two boards with things on them."""
    parts = []
    board = palette.wood()
    for level in range(int(palette.rng.integers(1, 3))):
        z = max(1.3, lowest + 0.35) + 0.38 * level
        parts.append(box((width * 0.85, 0.22, 0.025), (0, 0.11, z), board))
        surface = Surface(translation(0, 0.12, z + 0.013), width * 0.4, 0.09, 0.33)
        parts += laid_out(palette, surface, density=0.7)
    return parts


def clock(palette: Palette, width: float, lowest: float) -> list[Part]:
    """A round clock on a wall."""
    radius, z = palette.rng.uniform(0.1, 0.18), max(1.8, lowest + 0.3)
    upright = translation(0, 0, z) @ rotation("x", 3.14159 / 2)
    rim, face, hand = palette.metal(), palette.painted((0.9, 1.0), 0.05), palette.painted((0, 0.1))
    disc = [
        cylinder(radius, 0.03, (0, 0, -0.015), rim),
        cylinder(radius * 0.9, 0.006, (0, 0, -0.031), face),
    ]
    hands = [
        box((0.01, 0.004, radius * 0.8), (0, 0.037, z + radius * 0.35), hand),
        box((radius * 0.55, 0.004, 0.014), (radius * 0.25, 0.037, z), hand),
    ]
    return placed(disc, upright) + hands


def window(palette: Palette, width: float, ceiling: float) -> list[Part]:
    """Panes with a view and daylight, a frame, a sill; often curtains and a radiator."""
    rng = palette.rng
    low, high = rng.uniform(0.85, 1.0), ceiling - rng.uniform(0.2, 0.4)
    middle, tall = (low + high) / 2, high - low
    outside = palette.fitted("view", width=width, height=tall, emission=rng.uniform(1.5, 4.0))
    frame = palette.painted((0.8, 1.0), vivid=0.1)
    parts = [
        box((width, 0.01, tall), (0, 0.005, middle), outside),
        box((width + 0.16, 0.2, 0.03), (0, 0.1, low - 0.015), frame),
    ]
    bars = [-width / 2, 0.0, width / 2] if width > 0.9 else [-width / 2, width / 2]
    parts += [box((0.07, 0.05, tall + 0.07), (x, 0.025, middle), frame) for x in bars]
    parts += [box((width, 0.05, 0.07), (0, 0.025, z), frame) for z in (low, high)]
    sill = Surface(translation(0, 0.1, low), width / 2, 0.09, 0.4)
    parts += laid_out(palette, sill, density=0.3)
    if rng.random() < 0.6:
        parts += _curtains(palette, width, ceiling)
    if rng.random() < 0.6:
        grid = palette.fitted("keyboard", width=0.4, height=3.0)
        parts.append(box((width * 0.9, 0.08, 0.55), (0, 0.08, 0.45), grid))
    return parts


def door(palette: Palette, width: float) -> list[Part]:
    """A closed door with its frame."""
    leaf, frame, steel = palette.wood(), palette.painted((0.7, 1.0), vivid=0.1), palette.metal()
    parts = [box((width, 0.03, 2.0), (0, 0.015, 1.0), leaf)]
    parts += [
        box((0.08, 0.05, 2.08), (x * (width / 2 + 0.04), 0.025, 1.04), frame) for x in (-1, 1)
    ]
    parts.append(box((width + 0.16, 0.05, 0.08), (0, 0.025, 2.04), frame))
    parts.append(box((0.12, 0.04, 0.02), (width / 2 - 0.1, 0.06, 1.02), steel))
    if palette.rng.random() < 0.5:
        for z in (0.55, 1.45):
            parts.append(box((width * 0.7, 0.012, 0.7), (0, 0.034, z), leaf))
    return parts


def _curtains(palette: Palette, width: float, ceiling: float) -> list[Part]:
    """Folds to the left and right of a window."""
    cloth, rail = palette.cloth(), palette.metal()
    bottom = palette.rng.choice([0.03, 0.75])
    tall = ceiling - 0.12 - bottom
    parts = [box((width + 0.8, 0.02, 0.02), (0, 0.14, ceiling - 0.1), rail)]
    for side in (-1, 1):
        for fold in range(4):
            x = side * (width / 2 + 0.3 - 0.09 * fold)
            parts.append(cylinder(0.055, tall, (x, 0.13, bottom + tall / 2), cloth))
    return parts
