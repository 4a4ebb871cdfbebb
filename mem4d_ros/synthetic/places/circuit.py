"""A corridor that leads around a block, back to where it began, and a camera's way along it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mem4d_ros.synthetic.cameras.paths import look_at, shaken
from mem4d_ros.synthetic.objects.palette import Palette
from mem4d_ros.synthetic.places.room import KINDS, WALL, furnish
from mem4d_ros.synthetic.scene.scene import (
    Part,
    PointLight,
    Scene,
    box,
    placed,
    rotation,
    translation,
)
from mem4d_ros.synthetic.textures.library import TextureLibrary

LENGTH = 6.4  # m of each side of the camera's way
CORNER = 0.9  # m, radius of its corners
CORRIDOR = 2.4  # m wide
HEIGHT = 2.5  # m
EYES = 1.35  # m over the floor
AHEAD = 1.2  # m on its way that the camera looks at
NEAR_WALL = 0.9  # m of a wall's ends that stay free, where two sides meet


def make_circuit(rng: np.random.Generator, library: TextureLibrary) -> Scene:
    """Four corridors with furniture along the outer walls and pictures on the inner ones."""
    palette = Palette(rng, library)
    outer, inner = LENGTH + CORRIDOR, LENGTH - CORRIDOR
    parts = _shell(palette, outer, inner)
    lights = []
    kinds = list(KINDS.values())
    for turn in range(4):
        side = rotation("z", turn * np.pi / 2)
        outside = side @ translation(0, -outer / 2, 0)
        standing, hanging = furnish(palette, kinds[turn], outer - 2 * NEAR_WALL, HEIGHT)
        parts += placed(hanging, outside)
        for piece in standing:
            parts += piece.placed(outside).parts
        inside = side @ translation(0, -inner / 2, 0) @ rotation("z", np.pi)
        parts += placed(furnish(palette, kinds[turn], inner, HEIGHT)[1], inside)
        for along in (-LENGTH / 2, 0.0):
            x, y, z = (side @ [along, -LENGTH / 2, HEIGHT - 0.3, 1])[:3].tolist()
            lights.append(PointLight((x, y, z), (1.6, 1.5, 1.3)))
    return Scene(tuple(parts), tuple(lights), (0.7, 0.68, 0.64), (0.4, 0.39, 0.37))


def circuit_path(rng: np.random.Generator, times: np.ndarray, laps: float) -> np.ndarray:
    """Camera-to-scene poses (T, 4, 4) at times (T,) in s: so many laps, evenly, by hand."""
    share = laps * np.arange(len(times)) / max(len(times) - 1, 1)
    straight = LENGTH - 2 * CORNER
    whole = 4 * straight + 2 * np.pi * CORNER
    position = _along(share * whole)
    poses = look_at(position, _along(share * whole + AHEAD) - [0, 0, 0.12])
    return shaken(rng, poses, times, strength=0.5)


def _along(way: np.ndarray) -> np.ndarray:
    """Positions (T, 3) after so many metres (T,) on a square with round corners."""
    straight, arc = LENGTH - 2 * CORNER, np.pi / 2 * CORNER
    turn, rest = np.divmod(way, straight + arc)
    bend = np.maximum(rest - straight, 0) / CORNER  # rad
    x = np.minimum(rest, straight) - straight / 2 + CORNER * np.sin(bend)
    y = -LENGTH / 2 + CORNER * (1 - np.cos(bend))
    cosine, sine = np.cos(turn * np.pi / 2), np.sin(turn * np.pi / 2)
    return np.stack((cosine * x - sine * y, sine * x + cosine * y, np.full_like(x, EYES)), -1)


def _shell(palette: Palette, outer: float, inner: float) -> list[Part]:
    """Floor, ceiling, outer walls, and the block in the middle."""
    over = outer + 2 * WALL
    parts = [
        box((over, over, WALL), (0, 0, -WALL / 2), palette.floor()),
        box((over, over, WALL), (0, 0, HEIGHT + WALL / 2), palette.textured("plaster", tile=3.0)),
        box((inner, inner, HEIGHT), (0, 0, HEIGHT / 2), palette.wall()),
    ]
    wall = box((over, WALL, HEIGHT), (0, -(outer + WALL) / 2, HEIGHT / 2), palette.wall())
    for turn in range(4):
        parts += placed([wall], rotation("z", turn * np.pi / 2))
    # Each corridor has lamps of its own: what a wall would shade, another one lights.
    return [replace(part, casts_shadow=False) for part in parts]
