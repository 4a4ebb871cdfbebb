"""Houses along a street. Each has its front in the plane y = 0, facing +y, the ground at z = 0."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mem4d_ros.synthetic.objects.palette import Palette
from mem4d_ros.synthetic.objects.stairs import flight
from mem4d_ros.synthetic.scene.scene import Material, Part, box, placed, rotation, translation

DEPTH = 9.0  # m


def house(palette: Palette, width: float) -> list[Part]:
    """One to five storeys; a door with steps or a shop below, windows above, a roof."""
    rng = palette.rng
    storeys, storey = int(rng.integers(1, 6)), rng.uniform(2.8, 3.5)
    wall, trim = palette.facade(), palette.painted((0.5, 1.0), vivid=0.1)
    height = storeys * storey + rng.uniform(0.3, 0.8)
    parts = [
        box((width, DEPTH, height), (0, -DEPTH / 2, height / 2), wall),
        box((width, 0.12, 0.25), (0, 0.06, height - 0.12), trim),
        box((width, 0.06, rng.uniform(0.3, 0.7)), (0, 0.03, 0.2), trim),
    ]
    if rng.random() < 0.35:
        parts += _shop(palette, width, storey)
    else:
        parts += _entrance(palette, width, storey, trim)
    bays = max(2, round(width / rng.uniform(2.2, 3.2)))
    parts += _windows(palette, width, bays, storeys, storey, trim)
    if rng.random() < 0.6:
        parts += _gable_roof(palette, width, height)
    return parts


def _windows(
    palette: Palette, width: float, bays: int, storeys: int, storey: float, trim: Material
) -> list[Part]:
    """A window in every bay of every storey above the first; some with a balcony."""
    rng = palette.rng
    across, tall = rng.uniform(0.8, 1.4), rng.uniform(1.2, 1.8)
    glass = palette.fitted("casement", width=across, height=tall, gloss=0.25)
    grille = palette.textured("keyboard", tile=1.0)
    balconies = rng.random() < 0.3
    parts = []
    for level in range(1, storeys):
        for bay in range(bays):
            x, z = width * ((bay + 0.5) / bays - 0.5), storey * level + storey * 0.52
            parts += [
                box((across, 0.05, tall), (x, 0.025, z), glass),
                box((across + 0.2, 0.16, 0.08), (x, 0.08, z - tall / 2 - 0.04), trim),
                box((across + 0.16, 0.08, 0.12), (x, 0.04, z + tall / 2 + 0.06), trim),
            ]
            if balconies and bay % 2 == 0:
                floor = storey * level + 0.1
                parts += [
                    box((across + 0.8, 1.0, 0.12), (x, 0.5, floor), trim),
                    box((across + 0.8, 0.04, 1.0), (x, 0.98, floor + 0.5), grille),
                ]
    return [replace(part, casts_shadow=part.half_size[1] > 0.05) for part in parts]


def _entrance(palette: Palette, width: float, storey: float, trim: Material) -> list[Part]:
    """A door with steps, windows beside it."""
    rng = palette.rng
    steps, rise = int(rng.integers(0, 5)), 0.17
    x, base = rng.uniform(-0.35, 0.35) * width, steps * rise
    leaf = palette.wood()
    climb = flight(steps, rise, 0.28, rng.uniform(1.3, 1.9), palette.stone(), palette.stone())
    towards_the_door = translation(x, 0.28 * steps, 0) @ rotation("z", -np.pi / 2)
    parts = placed(climb, towards_the_door)
    parts += [
        box((1.25, 0.06, 2.3), (x, 0.03, base + 1.15), trim),
        box((1.0, 0.06, 2.1), (x, 0.06, base + 1.05), leaf),
        box((1.6, rng.uniform(0.15, 0.9), 0.1), (x, 0.2, base + 2.45), trim),
    ]
    glass = palette.fitted("casement", width=1.1, height=1.5, gloss=0.25)
    for at in np.arange(-width / 2 + 1.2, width / 2 - 0.8, 2.4).tolist():
        if abs(at - x) > 1.6:
            parts.append(box((1.1, 0.05, 1.5), (at, 0.025, storey * 0.55), glass))
            parts.append(box((1.3, 0.16, 0.08), (at, 0.08, storey * 0.55 - 0.79), trim))
    return parts


def _shop(palette: Palette, width: float, storey: float) -> list[Part]:
    """Large panes, a sign, often an awning."""
    rng = palette.rng
    panes = max(2, round(width / 3))
    each, tall = width / panes, storey - 1.0
    frame, sign = palette.painted((0.05, 0.7), vivid=0.4), palette.signboard(width - 0.6)
    parts = [
        box((width - 0.2, 0.06, storey - 0.2), (0, 0.03, storey / 2 - 0.1), frame),
        box((width - 0.6, 0.12, 0.55), (0, 0.1, storey - 0.45), sign),
    ]
    for pane in range(panes):
        x = width * ((pane + 0.5) / panes - 0.5)
        goods = palette.fitted("shop_window", width=each - 0.3, height=tall, gloss=0.3)
        parts.append(box((each - 0.3, 0.05, tall), (x, 0.06, 0.25 + tall / 2), goods))
    if rng.random() < 0.5:
        cloth = palette.textured("stripes", "fabric", tile=0.8, tint=palette.colour((0.4, 1), 0.5))
        slope = translation(0, 0.7, storey - 0.65) @ rotation("x", -0.35)
        parts += placed([box((width - 0.8, 1.4, 0.03), (0, 0, 0), cloth)], slope)
    return parts


def _gable_roof(palette: Palette, width: float, height: float) -> list[Part]:
    """Two slopes, a chimney."""
    rng = palette.rng
    pitch = rng.uniform(0.45, 0.9)
    tiles = palette.textured("roof_tiles", tile=2.5)
    half = DEPTH / 2 + 0.35
    parts = []
    for side in (-1, 1):
        middle = translation(0, -DEPTH / 2 + side * half / 2, height + half / 2 * np.tan(pitch))
        slope = box((width + 0.3, half / np.cos(pitch), 0.12), (0, 0, 0), tiles)
        parts += placed([slope], middle @ rotation("x", -side * pitch))
    top = height + half * np.tan(pitch)
    x = rng.uniform(-0.35, 0.35) * width
    chimney = palette.textured("bricks", tile=1.0)
    parts.append(box((0.6, 0.6, 1.6), (x, -DEPTH / 2 - 0.8, top), chimney))
    return parts
