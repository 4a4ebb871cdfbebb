"""The lights of one sequence, drawn where they light what the camera sees."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mem4d_ros.synthetic.meshes.catalogue import Place
from mem4d_ros.synthetic.meshes.free_space import UP, distances
from mem4d_ros.synthetic.meshes.lights import Lights, lamp_samples, light_up, sun_samples, warm
from mem4d_ros.synthetic.meshes.tracing import Layer, blocked, trace

SAMPLES = 5  # of all lights together
SUN_TRIES = 10
CEILING_GAP = 0.1  # m between a lamp and the ceiling
PROBES = 256  # directions in which the camera is asked what the sun lights


def draw_lights(
    layers: Sequence[Layer],
    place: Place,
    camera_to_world: np.ndarray,
    sky: np.ndarray,
    rng: np.random.Generator,
) -> Lights:
    """Sun and sky outdoors; lamps, and the sun through windows where there are any, in rooms.

    `sky` is a linear panorama (H, W, 3).
    """
    sky = np.roll(sky, rng.integers(sky.shape[1]), 1) / max(float(sky.mean()), 1e-3)
    if place.outdoor:
        return _daylight(sky.astype(np.float32), rng)
    return _room_light(layers, camera_to_world, sky.astype(np.float32), rng)


def _daylight(sky: np.ndarray, rng: np.random.Generator) -> Lights:
    height = np.radians(rng.uniform(12, 75))
    brightest = np.unravel_index(sky.sum(-1).argmax(), sky.shape[:2])[1]  # column
    around = 2 * np.pi * ((brightest + 0.5) / sky.shape[1] - 0.5)
    direction = np.array(
        [np.cos(around) * np.cos(height), np.sin(around) * np.cos(height), np.sin(height)]
    )
    overcast = rng.random() < 0.25
    count = 8 if overcast else 4
    points = sun_samples(direction, 0.6 if overcast else rng.uniform(0.005, 0.03), count)
    strength = rng.uniform(0.3, 0.9) if overcast else rng.uniform(1.5, 5.0)
    colour = strength * warm(rng.uniform(-0.1, 0.9) if height < 0.5 else rng.uniform(-0.2, 0.4))
    sky = 0.6 * sky
    return light_up([(points, colour, True)], sky, 0.12 * sky.mean((0, 1)))


def _room_light(
    layers: Sequence[Layer],
    camera_to_world: np.ndarray,
    sky: np.ndarray,
    rng: np.random.Generator,
) -> Lights:
    groups = []
    direction = _sun_through_windows(layers, camera_to_world, rng) if rng.random() < 0.5 else None
    lamps = int(rng.choice((0, 1, 2))) if direction is not None else int(rng.choice((1, 1, 2, 3)))
    share = warm(rng.uniform(-0.3, 1.0))
    brightness = np.exp(rng.normal(0, 0.4))
    for _ in range(lamps):
        centre = _lamp_place(layers, camera_to_world, rng)
        disk = lamp_samples(centre, rng.uniform(0.05, 0.35), max(2, SAMPLES // lamps))
        groups.append((disk, brightness * 5.0 / lamps * share, False))
    if direction is not None:
        colour = rng.uniform(1.0, 4.0) * warm(rng.uniform(0, 0.5))
        groups.append((sun_samples(direction, rng.uniform(0.004, 0.02), 3), colour, True))
    glimmer = rng.uniform(0.06, 0.3) * (1.0 if lamps else 0.7) * 0.5 * (share + 1)
    window = rng.uniform(0.8, 2.5) * (1.5 if direction is not None else 1.0)
    return light_up(groups, window * sky, glimmer)


def _lamp_place(
    layers: Sequence[Layer], camera_to_world: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """A place under the ceiling, or lower, that is in sight of the camera's path."""
    origin = camera_to_world[rng.integers(len(camera_to_world)), :3, 3]
    turn = rng.uniform(0, 2 * np.pi)
    along = np.array([[np.cos(turn), np.sin(turn), 0]], np.float32)
    room = float(distances(layers, origin[None], along)[0, 0])
    point = origin + along[0] * min(rng.uniform(0.3, 4.0), max(room - 0.4, 0.0))
    above = float(distances(layers, point[None], UP[None])[0, 0])
    if not np.isfinite(above):
        above = 2.0
    lift = above - CEILING_GAP if rng.random() < 0.85 else rng.uniform(0.1, 0.6) * above
    return point + UP * max(min(lift, 4.0), 0.0)


def _sun_through_windows(
    layers: Sequence[Layer], camera_to_world: np.ndarray, rng: np.random.Generator
) -> np.ndarray | None:
    """A direction from which the sun reaches some of what the camera sees, None for none."""
    frames = rng.integers(len(camera_to_world), size=PROBES)
    cameras = camera_to_world[frames]
    offsets = np.concatenate((rng.uniform(-0.7, 0.7, (PROBES, 2)), np.ones((PROBES, 1))), 1)
    rays = np.einsum("nij,nj->ni", cameras[:, :3, :3], offsets).astype(np.float32)
    origins = cameras[:, :3, 3].astype(np.float32)
    hits = trace(layers, origins, rays)
    points = (origins + rays * (hits.distance * 0.999)[:, None])[hits.found]
    best, best_share = None, 0.015
    for _ in range(SUN_TRIES):
        turn, height = rng.uniform(0, 2 * np.pi), np.radians(rng.uniform(10, 60))
        direction = np.array(
            [np.cos(turn) * np.cos(height), np.sin(turn) * np.cos(height), np.sin(height)]
        )
        rows = np.tile(direction.astype(np.float32), (len(points), 1))
        reach = np.full(len(points), 1e4, np.float32)
        share = float((~blocked(layers, points, rows, reach)).mean()) if len(points) else 0.0
        if best_share < share < 0.5:
            best, best_share = direction, share
    return best
