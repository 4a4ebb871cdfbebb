"""Rooms: walls with furniture along them, things on the furniture, pictures, windows, lamps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from mem4d_ros.synthetic.objects import fixtures, furniture
from mem4d_ros.synthetic.objects.bodies import any_body
from mem4d_ros.synthetic.objects.furniture import Furniture
from mem4d_ros.synthetic.objects.kitchen import fridge, kitchen
from mem4d_ros.synthetic.objects.palette import Palette
from mem4d_ros.synthetic.objects.stairs import staircase
from mem4d_ros.synthetic.objects.things import THINGS, Surface, laid_out
from mem4d_ros.synthetic.places.placement import clear_body
from mem4d_ros.synthetic.scene.scene import (
    Colour,
    Material,
    Part,
    PointLight,
    Scene,
    box,
    cylinder,
    placed,
    rotation,
    translation,
)
from mem4d_ros.synthetic.scene.stage import Rectangle, Stage
from mem4d_ros.synthetic.textures.library import TextureLibrary

WALL = 0.1  # m thick
FREE_DEPTH = 0.75  # m along the walls that furniture may take


KINDS: dict[str, dict[furniture.Maker, float]] = {
    "kitchen": {kitchen: 6, fridge: 2, furniture.cupboard: 1, furniture.table: 1},
    "living": {
        furniture.sofa: 3, furniture.bookcase: 2, furniture.television: 2, furniture.cupboard: 2,
        furniture.floor_lamp: 1, furniture.pot_plant: 1, staircase: 1,
    },
    "office": {
        furniture.table: 4, furniture.bookcase: 3, furniture.cupboard: 2, furniture.pot_plant: 1,
    },
    "bedroom": {
        furniture.bed: 3, furniture.cupboard: 3, furniture.bookcase: 1, furniture.table: 1,
        furniture.floor_lamp: 1, furniture.chair: 1,
    },
}  # fmt: skip


def make_room(rng: np.random.Generator, library: TextureLibrary, bodies: int) -> Stage:
    """A furnished room with so many moving bodies, the floor's middle at the origin."""
    palette = Palette(rng, library)
    kind = KINDS[str(rng.choice(list(KINDS)))]
    width, depth, height = rng.uniform((3.0, 2.8, 2.3), (6.0, 5.0, 2.9))
    shell = _shell(palette, width, depth, height)
    parts = list(shell)
    pieces: list[Furniture] = []
    for turn, length in enumerate((width, depth, width, depth)):
        wall = rotation("z", turn * np.pi / 2) @ translation(
            0, -(depth if turn % 2 == 0 else width) / 2, 0
        )
        corner = FREE_DEPTH if turn % 2 else 0.05
        standing, hanging = furnish(palette, kind, length - 2 * corner, height)
        pieces += [piece.placed(wall) for piece in standing]
        parts += placed(hanging, wall)
    middle = width / 2 - FREE_DEPTH, depth / 2 - FREE_DEPTH
    share = 0.7 if bodies == 0 else 0.5  # people need room to walk
    if len(pieces) < 4 or rng.random() < share:
        pieces += _centre(palette, *middle)
    surfaces = [surface for piece in pieces for surface in piece.surfaces]
    density = rng.uniform(0.45, 1.0)
    for piece in pieces:
        parts += piece.parts
    for surface in surfaces:
        parts += laid_out(palette, surface, density)
    floor = (-middle[0], middle[0], -middle[1], middle[1])
    rugs, lying = _on_the_floor(palette, floor)
    parts += lying
    moving: list[list[Part]] = []
    for _ in range(bodies):
        around = parts[len(shell) :] + [part for body in moving for part in body]
        moving.append(clear_body(any_body, palette, floor, around))
    lamp_parts, lights = _lamps(palette, width, depth, height)
    scene = Scene(
        parts=tuple(parts + rugs + lamp_parts + [part for body in moving for part in body]),
        lights=tuple(lights),
        ambient_above=_grey(rng, 0.35, 1.1),
        ambient_below=_grey(rng, 0.2, 0.6),
    )
    return Stage(scene, floor, _interests(surfaces, pieces), tuple(body[0] for body in moving))


def _shell(palette: Palette, width: float, depth: float, height: float) -> list[Part]:
    """Floor, ceiling, four walls, skirting."""
    paint, white = palette.wall(), palette.textured("plaster", tile=3.0)
    skirting = palette.painted((0.6, 1.0), vivid=0.15)
    over_x, over_y = width + 2 * WALL, depth + 2 * WALL
    parts = [
        box((over_x, over_y, WALL), (0, 0, -WALL / 2), palette.floor()),
        box((over_x, over_y, WALL), (0, 0, height + WALL / 2), white),
    ]
    for side in (-1, 1):
        for along_x in (True, False):
            own = palette.wall() if palette.rng.random() < 0.2 else paint
            out = side * ((depth if along_x else width) + WALL) / 2
            inner = out - side * (WALL / 2 + 0.006)
            if along_x:
                parts.append(box((over_x, WALL, height), (0, out, height / 2), own))
                parts.append(box((width, 0.012, 0.08), (0, inner, 0.04), skirting))
            else:
                parts.append(box((WALL, over_y, height), (out, 0, height / 2), own))
                parts.append(box((0.012, depth, 0.08), (inner, 0, 0.04), skirting))
    # From inside, a convex shell shades nothing.
    return [replace(part, casts_shadow=False) for part in parts]


def furnish(
    palette: Palette, kind: dict[furniture.Maker, float], length: float, ceiling: float
) -> tuple[list[Furniture], list[Part]]:
    """What stands along a wall, in the wall's frame (x along it), and what hangs on it."""
    rng = palette.rng
    makers, weights = list(kind), np.array(list(kind.values()))
    standing: list[Furniture] = []
    hanging: list[Part] = []
    left = -length / 2
    right = length / 2
    while right - left > 0.5:
        free = right - left
        draw = rng.random()
        if draw < 0.08 and free > 1.2:
            hanging += placed(fixtures.door(palette, 0.85), translation(left + 0.6, 0, 0))
            left += 1.2
            continue
        if draw < 0.24 and free > 1.9:
            across = rng.uniform(0.8, min(1.8, free - 1.0))
            place = translation(left + across / 2 + 0.5, 0, 0)
            hanging += placed(fixtures.window(palette, across, ceiling), place)
            left += across + 1.0
            continue
        if draw < 0.32:
            gap = min(rng.uniform(0.4, 1.2), free)
            hanging += _above(palette, left + gap / 2, gap, 0.9, ceiling)
            left += gap
            continue
        piece = _fitting(palette, makers, weights / weights.sum(), free)
        middle = left + piece.width / 2
        standing.append(piece.placed(translation(middle, rng.uniform(0.0, 0.04), 0)))
        hanging += _above(palette, middle, piece.width, piece.height, ceiling)
        left += piece.width + rng.uniform(0.0, 0.35)
    return standing, hanging


def _fitting(
    palette: Palette, makers: list[furniture.Maker], shares: np.ndarray, free: float
) -> Furniture:
    """A piece of at most `free` m width; a chair always fits."""
    for _ in range(4):
        piece = makers[palette.rng.choice(len(makers), p=shares)](palette)
        if piece.width <= free:
            return piece
    return furniture.chair(palette)


def _above(
    palette: Palette, middle: float, width: float, height: float, ceiling: float
) -> list[Part]:
    """Something on the wall over furniture of the given height, or nothing."""
    if ceiling - height < 1.0 or width < 0.35 or palette.rng.random() < 0.35:
        return []
    hang: Callable[[Palette, float, float], list[Part]] = (
        fixtures.pictures, fixtures.pictures, fixtures.wall_shelf, fixtures.clock,
    )[palette.rng.integers(4)]  # fmt: skip
    return placed(hang(palette, min(width, 2.0), height), translation(middle, 0, 0))


def _centre(palette: Palette, half_x: float, half_y: float) -> list[Furniture]:
    """A table with chairs in the middle of a room that is large enough."""
    rng = palette.rng
    if min(half_x, half_y) < 0.7:
        return []
    desk = (furniture.table if rng.random() < 0.7 else furniture.round_table)(palette)
    x, y = rng.uniform(-0.3, 0.3, 2) * (half_x, half_y)
    here = translation(x, y, 0) @ rotation("z", rng.choice([0, np.pi / 2]) + rng.normal(0, 0.08))
    pieces = [desk.placed(here @ translation(0, -desk.depth / 2, 0))]
    seat = (furniture.chair, furniture.chair, furniture.stool, furniture.swivel_chair)[
        rng.integers(4)
    ]
    for turn in range(4):
        reach = (desk.depth if turn % 2 == 0 else desk.width) / 2
        if desk.height < 0.6 or rng.random() < 0.35:
            continue
        # Backs are outwards: a piece's back is at y = 0 and it faces +y, towards the table.
        around = rotation("z", turn * np.pi / 2 + rng.normal(0, 0.1))
        out = translation(rng.uniform(-0.15, 0.15), -reach - rng.uniform(0.25, 0.45), 0)
        pieces.append(seat(palette).placed(here @ around @ out))
    return pieces


def _on_the_floor(palette: Palette, floor: Rectangle) -> tuple[list[Part], list[Part]]:
    """Rugs to walk on, and a few things that were left lying."""
    rng = palette.rng
    x0, x1, y0, y1 = floor
    rugs: list[Part] = []
    lying: list[Part] = []
    if rng.random() < 0.5:
        width, depth = rng.uniform(0.4, 0.8, 2) * (x1 - x0, y1 - y0)
        rug = palette.fitted("carpet", "tartan", "stripes", width=width, height=depth)
        where = translation(rng.uniform(-0.2, 0.2), rng.uniform(-0.2, 0.2), 0) @ rotation(
            "z", rng.normal(0, 0.1)
        )
        rugs = placed([box((width, depth, 0.016), (0, 0, 0.008), rug)], where)
    for _ in range(int(rng.integers(0, 5))):
        thing = THINGS[rng.integers(len(THINGS))](palette)
        place = translation(rng.uniform(x0, x1), rng.uniform(y0, y1), 0)
        lying += placed(thing, place @ rotation("z", rng.uniform(0, 6.3)))
    return rugs, lying


def _lamps(
    palette: Palette, width: float, depth: float, height: float
) -> tuple[list[Part], list[PointLight]]:
    """A ceiling lamp, and often light from the side."""
    rng = palette.rng
    x, y = rng.uniform(-0.25, 0.25, 2) * (width, depth)
    drop = rng.uniform(0.15, 0.6)
    shade = Material(palette.library.members["plaster"][0], (1.0, 0.95, 0.85), emission=3.0)
    radius = rng.uniform(0.1, 0.25)
    parts = [
        cylinder(0.006, drop, (x, y, height - drop / 2), palette.metal()),
        cylinder(radius, 0.14, (x, y, height - drop), shade),
    ]
    lights = [PointLight((x, y, height - drop - 0.1), _warm(rng, rng.uniform(1.5, 5)))]
    if rng.random() < 0.6:
        side = rng.uniform(-0.42, 0.42, 2) * (width, depth)
        lights.append(
            PointLight((*side.tolist(), rng.uniform(1.3, 2.2)), _cool(rng, rng.uniform(0.5, 3)))
        )
    return parts, lights


def _interests(surfaces: list[Surface], pieces: list[Furniture]) -> np.ndarray:
    """Points (K, 3) on what carries things, and in the middle of other furniture."""
    points = [surface.pose[:3, 3] for surface in surfaces if surface.pose[2, 3] < 1.6]
    points += [np.mean([part.pose[:3, 3] for part in piece.parts], 0) for piece in pieces]
    return np.array(points) if points else np.array([[0.0, 0.0, 0.8]])


def _grey(rng: np.random.Generator, low: float, high: float) -> Colour:
    level = rng.uniform(low, high)
    return level, level * rng.uniform(0.94, 1.0), level * rng.uniform(0.86, 1.0)


def _warm(rng: np.random.Generator, power: float) -> Colour:
    return power, power * rng.uniform(0.85, 0.97), power * rng.uniform(0.65, 0.9)


def _cool(rng: np.random.Generator, power: float) -> Colour:
    return power * rng.uniform(0.8, 0.97), power * rng.uniform(0.9, 1.0), power
