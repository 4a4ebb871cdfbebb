"""What moves of its own: people, balls, boxes, things that turn."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mem4d_ros.synthetic.objects.palette import Palette
from mem4d_ros.synthetic.objects.things import carton, teddy
from mem4d_ros.synthetic.scene.motion import (
    Bounce,
    Chain,
    Circuit,
    Fixed,
    Roll,
    Shuttle,
    Spin,
    Swing,
)
from mem4d_ros.synthetic.scene.scene import Motion, Part, box, cylinder, ellipsoid, translation
from mem4d_ros.synthetic.scene.stage import Rectangle


def moved(parts: list[Part], motion: Motion) -> list[Part]:
    """Parts carried by a motion; those that move already do so within it."""
    return [
        replace(part, motion=motion if part.motion is None else Chain(motion, part.motion))
        for part in parts
    ]


def any_body(palette: Palette, floor: Rectangle) -> list[Part]:
    """One of all kinds that move in rooms."""
    return BODIES[palette.rng.integers(len(BODIES))](palette, floor)


def walker(palette: Palette, floor: Rectangle) -> list[Part]:
    """Someone who walks in rounds."""
    rng = palette.rng
    x0, x1, y0, y1 = floor
    low, high = np.array([x0, y0]), np.array([x1, y1])
    radii = np.maximum((high - low) / 2 * rng.uniform(0.15, 0.9, 2), 0.2)
    centre = rng.uniform(
        np.minimum(low + radii, high - radii), np.maximum(low + radii, high - radii)
    )
    speed = rng.uniform(0.4, 1.2)
    around = np.pi * (
        3 * radii.sum() - np.sqrt((3 * radii[0] + radii[1]) * (radii[0] + 3 * radii[1]))
    )
    circuit = Circuit(
        centre=(float(centre[0]), float(centre[1]), 0.0),
        radii=(float(radii[0]), float(radii[1])),
        yaw=0.0,
        period=float(around / speed * rng.choice([-1, 1])),
        phase=rng.uniform(0, 2 * np.pi),
    )
    return moved(person(palette, stride=0.25 + 0.3 * speed), circuit)


def talker(palette: Palette, floor: Rectangle) -> list[Part]:
    """Someone who stands, sways and talks with their hands."""
    rng = palette.rng
    x, y = _somewhere(palette, floor)
    turning = Swing((0, 0, 0), axis=2, amplitude=0.35, period=rng.uniform(2.5, 6))
    standing = moved(person(palette, stride=0.0), turning)
    place = translation(x, y, 0) @ turned_about_z(rng.uniform(0, 2 * np.pi))
    return moved(standing, Fixed(place))


def ball(palette: Palette, floor: Rectangle) -> list[Part]:
    """A ball that rolls to and fro, or bounces on the spot."""
    rng = palette.rng
    radius = rng.uniform(0.06, 0.2)
    skin = palette.textured("checks", "stripes", "poster", "tartan", tile=radius * 3, gloss=0.1)
    sphere = ellipsoid((2 * radius,) * 3, (0, 0, 0), skin)
    start, end = (*_somewhere(palette, floor), radius), (*_somewhere(palette, floor), radius)
    if rng.random() < 0.3 or np.hypot(start[0] - end[0], start[1] - end[1]) < 0.4:
        up = Chain(Shuttle(start, start, 1.0), Bounce(rng.uniform(0.2, 0.8), rng.random()))
        return moved([sphere], Chain(up, Spin((0, 0, 0), 0, rng.uniform(-4, 4))))
    path = Shuttle(start, end, period=rng.uniform(2, 6), phase=rng.uniform(0, 2 * np.pi))
    return moved([sphere], Roll(path, radius))


def slider(palette: Palette, floor: Rectangle) -> list[Part]:
    """A carton that slides over the floor and turns as it goes."""
    rng = palette.rng
    start, end = (*_somewhere(palette, floor), 0.0), (*_somewhere(palette, floor), 0.0)
    path = Shuttle(start, end, period=rng.uniform(3, 8), phase=rng.uniform(0, 2 * np.pi))
    thing = carton(palette) if rng.random() < 0.6 else teddy(palette)
    return moved(thing, Chain(path, Spin((0, 0, 0), 2, rng.uniform(-0.8, 0.8))))


def vacuum(palette: Palette, floor: Rectangle) -> list[Part]:
    """A robot that drives over the floor."""
    shell = palette.painted((0.05, 0.95), vivid=0.1, gloss=0.15)
    robot = [
        cylinder(0.17, 0.08, (0, 0, 0.05), shell),
        cylinder(0.04, 0.03, (0.02, 0, 0.1), palette.metal()),
        box((0.02, 0.2, 0.05), (0.165, 0, 0.05), palette.painted((0, 0.2), vivid=0.05)),
    ]
    x, y = _somewhere(palette, floor)
    radius = palette.rng.uniform(0.3, 0.8)
    circuit = Circuit((x, y, 0.0), (radius, radius * 0.7), 0.3, palette.rng.uniform(5, 12))
    return moved(robot, circuit)


def person(palette: Palette, stride: float) -> list[Part]:
    """A person on the origin facing +x; limbs swing by about `stride` rad as in walking."""
    rng = palette.rng
    tall = rng.uniform(1.5, 1.9)
    period = rng.uniform(0.95, 1.2)
    skin = palette.textured("plaster", tile=0.5, tint=SKINS[rng.integers(len(SKINS))])
    hair = palette.textured("pile", tile=0.3, tint=palette.colour((0.05, 0.6), vivid=0.3))
    shirt, trousers = palette.cloth(), palette.cloth()
    hip, shoulder = 0.5 * tall, 0.8 * tall
    parts = [
        ellipsoid((0.19, 0.16, 0.24), (0, 0, 0.93 * tall), skin),
        ellipsoid((0.2, 0.18, 0.18), (-0.02, 0, 0.96 * tall), hair),
        cylinder(0.05, 0.12, (0, 0, 0.85 * tall), skin),
        ellipsoid((0.24, 0.42, 0.4 * tall), (0, 0, 0.67 * tall), shirt),
        ellipsoid((0.24, 0.34, 0.2 * tall), (0, 0, 0.53 * tall), trousers),
    ]
    gesture = 0.5 if stride == 0 else 0.0
    for side in (-1, 1):
        phase = np.pi / 2 * side
        thigh = Swing((0, 0, hip), axis=1, amplitude=stride, period=period, phase=phase)
        shin = Swing(
            (0, 0, hip / 2), axis=1, amplitude=stride * 0.6, period=period, phase=phase + 1.0,
            rest=stride * 0.6,
        )  # fmt: skip
        y = 0.09 * side
        parts += moved([ellipsoid((0.16, 0.16, hip * 0.58), (0, y, hip * 0.76), trousers)], thigh)
        lower = [
            ellipsoid((0.12, 0.12, hip * 0.55), (0, y, hip * 0.28), trousers),
            ellipsoid((0.26, 0.1, 0.1), (0.06, y, 0.05), hair),
        ]
        parts += moved(lower, Chain(thigh, shin))

        swing = Swing(
            (0, 0, shoulder), axis=1, amplitude=0.8 * stride + gesture * rng.uniform(0.2, 1),
            period=period, phase=-phase, rest=-gesture * rng.random(),
        )  # fmt: skip
        bend = Swing(
            (0, 0, 0.63 * tall), axis=1, amplitude=0.2 + gesture, period=period, phase=-phase,
            rest=-0.3 - gesture,
        )  # fmt: skip
        y = 0.24 * side
        parts += moved([ellipsoid((0.11, 0.11, 0.2 * tall), (0, y, 0.72 * tall), shirt)], swing)
        fore = [
            ellipsoid((0.09, 0.09, 0.18 * tall), (0, y, 0.56 * tall), shirt),
            ellipsoid((0.08, 0.06, 0.14), (0, y, 0.46 * tall), skin),
        ]
        parts += moved(fore, Chain(swing, bend))
    return parts


def turned_about_z(angle: float) -> np.ndarray:
    """The rotation (4, 4) about z by `angle` radians."""
    cos, sin = np.cos(angle), np.sin(angle)
    return np.array([[cos, -sin, 0, 0], [sin, cos, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1.0]])


def _somewhere(palette: Palette, floor: Rectangle) -> tuple[float, float]:
    x0, x1, y0, y1 = floor
    return float(palette.rng.uniform(x0, x1)), float(palette.rng.uniform(y0, y1))


SKINS = ((0.95, 0.78, 0.66), (0.85, 0.64, 0.5), (0.6, 0.42, 0.3), (0.38, 0.26, 0.2))
BODIES = (walker, walker, talker, ball, slider, vacuum)
