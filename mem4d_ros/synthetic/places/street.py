"""Streets: a road with kerbs between pavements, parked cars, trees, houses on both sides.

The street runs along x; z = 0 is the pavement, the road lies a kerb's height below it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from mem4d_ros.synthetic.objects import street_furniture
from mem4d_ros.synthetic.objects.houses import house
from mem4d_ros.synthetic.objects.palette import Palette
from mem4d_ros.synthetic.objects.vehicles import vehicle
from mem4d_ros.synthetic.places.traffic import draw_traffic
from mem4d_ros.synthetic.scene.scene import (
    Colour,
    Material,
    Part,
    PointLight,
    Scene,
    box,
    placed,
    rotation,
    sun,
    translation,
)
from mem4d_ros.synthetic.scene.sky import Sky
from mem4d_ros.synthetic.scene.stage import Stage
from mem4d_ros.synthetic.textures.library import TextureLibrary

LENGTH = 90.0  # m
KERB = 0.12  # m high
BEYOND = 12.0  # m of ground behind the fronts of the houses


@dataclass(frozen=True)
class Profile:
    """A street across; all in m."""

    lane: float  # width of each of the two
    parking: float  # width of the strip for parked cars on each side, 0 where there is none
    pavement: float  # width on each side

    @property
    def kerb(self) -> float:
        """From the middle of the road to its edge."""
        return self.lane + self.parking

    @property
    def front(self) -> float:
        """From the middle of the road to the houses."""
        return self.kerb + self.pavement

    @property
    def lanes(self) -> tuple[np.ndarray, ...]:
        """Each (2, 3), on the right-hand side, from its start to its end."""
        there = np.array(
            [(-LENGTH / 2, -self.lane / 2, -KERB), (LENGTH / 2, -self.lane / 2, -KERB)]
        )
        return there, there * [-1, -1, 1]


def make_street(rng: np.random.Generator, library: TextureLibrary, bodies: int) -> Stage:
    """A street with so many moving bodies; one may stand on the pavement with y > 0."""
    palette = Palette(rng, library)
    profile = Profile(
        lane=rng.uniform(2.8, 3.6),
        parking=2.1 if rng.random() < 0.7 else 0.0,
        pavement=rng.uniform(2.5, 4.5),
    )
    things = _parked(palette, profile) + _on_the_pavements(palette, profile)
    fronts = _fronts(palette, profile)
    floor = (-LENGTH / 3, LENGTH / 3, profile.kerb + 1.0, profile.front - 0.5)
    moving = draw_traffic(palette, bodies, floor, profile.lanes, things)
    light, ambient_above, ambient_below, sky = _weather(palette)
    scene = Scene(
        parts=tuple(_ground(palette, profile) + fronts + things + [p for b in moving for p in b]),
        lights=(light,),
        ambient_above=ambient_above,
        ambient_below=ambient_below,
        sky=sky,
    )
    return Stage(
        scene=scene,
        floor=floor,
        interests=_interests(things, profile),
        bodies=tuple(body[0] for body in moving),
        viewing_distance=8.0,
        lanes=profile.lanes,
    )


def _ground(palette: Palette, profile: Profile) -> list[Part]:
    """Road, markings, kerbs, pavements and the ground behind."""
    rng = palette.rng
    tar = palette.textured("asphalt", tile=2.5, tint=palette.colour((0.5, 1.0), vivid=0.05))
    slabs, stone = palette.textured("paving", tile=2.0), palette.stone()
    white = palette.painted((0.75, 1.0), vivid=0.03)
    length = LENGTH + 2 * BEYOND
    road = box((length, 2 * profile.kerb, 0.2), (0, 0, -KERB - 0.1), tar)
    parts = [road]
    depth = profile.pavement + BEYOND
    for side in (-1, 1):
        middle = side * (profile.kerb + depth / 2)
        parts.append(box((length, depth, 0.4), (0, middle, -0.2), slabs))
        edge = side * (profile.kerb + 0.07)
        parts.append(box((length, 0.15, 0.41), (0, edge, -0.195), stone))
        if profile.parking:
            line = side * profile.lane
            parts.append(box((LENGTH, 0.1, 0.004), (0, line, -KERB), white))
    dash, gap = rng.uniform(1.5, 3.5), rng.uniform(1.5, 4.0)
    for x in np.arange(-LENGTH / 2, LENGTH / 2, dash + gap).tolist():
        parts.append(box((dash, 0.12, 0.004), (x, 0, -KERB), white))
    if rng.random() < 0.5:
        parts += _crossing(rng.uniform(-20, 20), profile, white)
    # What lies flat shades nothing.
    return [replace(part, casts_shadow=False) for part in parts]


def _crossing(x: float, profile: Profile, white: Material) -> list[Part]:
    """A zebra."""
    stripes = np.arange(-profile.kerb + 0.4, profile.kerb - 0.2, 1.0).tolist()
    return [box((3.0, 0.5, 0.005), (x, y, -KERB), white) for y in stripes]


def _parked(palette: Palette, profile: Profile) -> list[Part]:
    """Cars along both kerbs, with gaps."""
    if not profile.parking:
        return []
    rng = palette.rng
    density = rng.uniform(0.3, 0.9)
    parts: list[Part] = []
    for side, heading in ((-1, 0.0), (1, np.pi)):
        for x in np.arange(-LENGTH / 2 + 3, LENGTH / 2 - 3, 6.2).tolist():
            if rng.random() < density:
                y = side * (profile.lane + profile.parking / 2 + 0.05)
                place = translation(x + rng.normal(0, 0.3), y, -KERB)
                turn = rotation("z", heading + rng.normal(0, 0.02))
                parts += placed(vehicle(palette, speed=0.0), place @ turn)
    return parts


def _on_the_pavements(palette: Palette, profile: Profile) -> list[Part]:
    """Trees, lamps, signs and the like in a row along each kerb."""
    rng = palette.rng
    makers = list(street_furniture.SHARES)
    weights = np.array(list(street_furniture.SHARES.values()))
    parts: list[Part] = []
    for side in (-1, 1):
        density = rng.uniform(0.2, 0.8)
        towards_the_road = rotation("z", np.pi if side > 0 else 0.0)
        for x in np.arange(-LENGTH / 2 + 2, LENGTH / 2 - 2, 4.5).tolist():
            if rng.random() < density:
                thing = makers[rng.choice(len(makers), p=weights / weights.sum())](palette)
                place = translation(x + rng.uniform(-1, 1), side * (profile.kerb + 0.55), 0)
                parts += placed(thing, place @ towards_the_road)
    return parts


def _fronts(palette: Palette, profile: Profile) -> list[Part]:
    """Houses along both sides, a green gap here and there, and a house across each end."""
    rng = palette.rng
    parts: list[Part] = []
    for side in (-1, 1):
        turn = rotation("z", np.pi if side > 0 else 0.0)
        x = -LENGTH / 2
        while x < LENGTH / 2:
            width = rng.uniform(7.0, 18.0)
            place = translation(x + width / 2, side * profile.front, 0) @ turn
            parts += placed(_plot(palette, width), place)
            x += width + (rng.uniform(0.5, 3.0) if rng.random() < 0.25 else 0.0)
    for end in (-1, 1):
        place = translation(end * (LENGTH / 2 + 6), 0, 0) @ rotation("z", end * np.pi / 2)
        parts += placed(_plot(palette, 2 * profile.front), place)
    return parts


def _plot(palette: Palette, width: float) -> list[Part]:
    """A house, or a garden behind a hedge or a wall."""
    rng = palette.rng
    if rng.random() < 0.85:
        return house(palette, width)
    height = rng.uniform(0.8, 2.2)
    hedge = palette.textured("foliage", tile=0.9) if rng.random() < 0.6 else palette.facade()
    parts = [box((width, 0.5, height), (0, -0.25, height / 2), hedge)]
    for x in np.arange(-width / 2 + 1.5, width / 2 - 1, 4.0).tolist():
        parts += placed(street_furniture.tree(palette), translation(x, -rng.uniform(2, 7), 0))
    return parts


def _weather(palette: Palette) -> tuple[PointLight, Colour, Colour, Sky]:
    """Sunlight, ambient light from above and from below, the sky: clear, mixed or overcast."""
    rng = palette.rng
    overcast = float(np.clip(rng.normal(0.4, 0.4), 0, 1))
    strength = 3.2 * (1 - 0.95 * overcast)
    elevation = rng.uniform(0.2, 1.2)
    warmth = 0.7 + 0.25 * np.sin(elevation)
    light = sun(
        rng.uniform(0, 2 * np.pi), elevation, (strength, strength * 0.97, strength * warmth)
    )
    grey = rng.uniform(0.8, 1.3)
    blue = np.array([0.28, 0.5, 1.0]) * (1 - overcast) + overcast * 0.9
    above = tuple((grey * (0.35 + 0.65 * blue)).tolist())
    below = rng.uniform(0.25, 0.45)
    sky = Sky(
        horizon=(1.1 * grey, 1.15 * grey, 1.2 * grey),
        zenith=tuple((0.9 * grey * blue).tolist()),
        clouds=(1.5 * grey,) * 3,
        cover=float(rng.uniform(0.2, 1.0)),
        texture=int(rng.choice(palette.library.members["clouds"])),
    )
    return light, above, (below, below * 0.97, below * 0.92), sky


def _interests(things: list[Part], profile: Profile) -> np.ndarray:
    """Points (K, 3) on what stands about, and on the fronts of the houses at eye level."""
    low = [part.pose[:3, 3] for part in things if 0.3 < part.pose[2, 3] < 2.5]
    fronts = [
        (x, side * profile.front, 1.8)
        for side in (-1, 1)
        for x in np.arange(-LENGTH / 2, LENGTH / 2, 4.0)
    ]
    return np.array([*low, *fronts])
