"""A run of kitchen units along a wall: base units, a worktop, wall units, a sink, a stove."""

from __future__ import annotations

from mem4d_ros.synthetic.objects.furniture import Furniture, fronts_of
from mem4d_ros.synthetic.objects.palette import Palette
from mem4d_ros.synthetic.objects.things import Surface
from mem4d_ros.synthetic.scene.scene import Material, Part, box, cylinder, translation

HEIGHT = 0.9
DEPTH = 0.6


def kitchen(palette: Palette) -> Furniture:
    """2 to 3.4 m of units."""
    rng = palette.rng
    width = rng.uniform(2.0, 3.4)
    fronts, knobs = palette.wood(), palette.metal()
    body = palette.painted((0.3, 0.9), vivid=0.1)
    splash = palette.textured("tiles", "tiles", "plaster", tile=0.7)
    z = HEIGHT - 0.02
    parts = [
        box((width, DEPTH - 0.06, 0.1), (0, DEPTH / 2 - 0.03, 0.05), body),
        box((width, DEPTH - 0.02, HEIGHT - 0.14), (0, DEPTH / 2 - 0.01, HEIGHT / 2 + 0.03), body),
        box((width + 0.02, DEPTH + 0.03, 0.04), (0, DEPTH / 2, z), palette.worktop()),
        box((width, 0.01, 0.55), (0, 0.005, HEIGHT + 0.275), splash),
    ]
    units = round(width / 0.6)
    each = width / units
    stove, sink = rng.choice(units, 2, replace=False)
    for unit in range(units):
        x = -width / 2 + each * (unit + 0.5)
        if unit == stove:
            parts += _stove(palette, x, each)
            continue
        rows = 1 if rng.random() < 0.6 else int(rng.integers(2, 5))
        parts += fronts_of((each, HEIGHT - 0.16), (x, DEPTH - 0.02, 0.11), (1, rows), fronts, knobs)
        if unit == sink:
            parts += _sink(palette, x)
    surfaces = [Surface(translation(0, 0.22, HEIGHT), width / 2 - 0.05, 0.2, 0.45)]
    if rng.random() < 0.75:
        parts += _wall_units(palette, width, units, fronts, knobs)
    return Furniture(width, DEPTH, 1.45, parts, surfaces)


def fridge(palette: Palette) -> Furniture:
    """A fridge with two doors."""
    width, depth, height = palette.rng.uniform((0.55, 0.58, 1.4), (0.7, 0.68, 1.9))
    case = palette.painted((0.6, 1.0), vivid=0.05, gloss=0.1)
    split = height * palette.rng.uniform(0.3, 0.6)
    y = depth + 0.02
    parts = [
        box((width, depth - 0.02, height), (0, depth / 2 - 0.01, height / 2), case),
        box((width - 0.01, 0.05, split - 0.05), (0, depth, split / 2 + 0.02), case),
        box((width - 0.01, 0.05, height - split - 0.02), (0, depth, (height + split) / 2), case),
        box((0.02, 0.05, 0.3), (width * 0.4, y + 0.02, split - 0.25), palette.metal()),
        box((0.02, 0.05, 0.3), (width * 0.4, y + 0.02, split + 0.25), palette.metal()),
    ]
    for x, z in palette.rng.uniform((-0.2, 0.9), (0.1, height - 0.15), (5, 2)).tolist():
        size = float(palette.rng.uniform(0.05, 0.15))
        note = palette.fitted("page", "poster", width=size, height=size)
        parts.append(box((size, 0.002, size), (x, depth + 0.026, z), note))
    surface = Surface(translation(0, depth / 2, height), width / 2 - 0.05, depth / 2 - 0.1, 0.3)
    return Furniture(width, depth, height, parts, [surface])


def _stove(palette: Palette, x: float, width: float) -> list[Part]:
    black = palette.painted((0.02, 0.12), vivid=0.05, gloss=0.25)
    steel = palette.painted((0.5, 0.8), vivid=0.05, gloss=0.2)
    y = DEPTH - 0.01
    parts = [
        box((width - 0.01, 0.02, HEIGHT - 0.16), (x, y, HEIGHT / 2 + 0.04), steel),
        box((width * 0.8, 0.01, 0.36), (x, y + 0.012, 0.42), black),
        box((width * 0.75, 0.03, 0.02), (x, y + 0.035, 0.66), steel),
        box((width - 0.04, DEPTH - 0.12, 0.012), (x, DEPTH / 2, HEIGHT + 0.004), black),
    ]
    for knob in range(4):
        parts.append(box((0.03, 0.03, 0.03), (x + (knob - 1.5) * 0.1, y + 0.02, 0.76), black))
    if palette.rng.random() < 0.6:
        pot = palette.metal()
        radius, tall = palette.rng.uniform(0.09, 0.13), palette.rng.uniform(0.07, 0.18)
        parts.append(cylinder(radius, tall, (x - 0.1, 0.35, HEIGHT + tall / 2), pot))
        parts.append(box((0.16, 0.02, 0.015), (x - 0.1 + radius + 0.07, 0.35, HEIGHT + tall), pot))
    return parts


def _sink(palette: Palette, x: float) -> list[Part]:
    steel = palette.painted((0.5, 0.8), vivid=0.05, gloss=0.25)
    dark = palette.painted((0.2, 0.4), vivid=0.05, gloss=0.2)
    return [
        box((0.5, 0.42, 0.006), (x, 0.32, HEIGHT + 0.002), steel),
        box((0.44, 0.36, 0.004), (x, 0.32, HEIGHT + 0.005), dark),
        cylinder(0.015, 0.28, (x, 0.1, HEIGHT + 0.14), steel),
        box((0.025, 0.2, 0.025), (x, 0.19, HEIGHT + 0.28), steel),
    ]


def _wall_units(
    palette: Palette, width: float, units: int, fronts: Material, knobs: Material
) -> list[Part]:
    low, tall, depth = 1.45, palette.rng.uniform(0.55, 0.75), 0.34
    body = palette.painted((0.5, 0.95), vivid=0.08)
    parts = [box((width, depth, tall), (0, depth / 2, low + tall / 2), body)]
    return parts + fronts_of((width, tall), (0, depth, low), (units, 1), fronts, knobs)
