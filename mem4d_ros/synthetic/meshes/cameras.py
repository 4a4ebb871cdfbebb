"""Camera paths through the free space of a place, as hands, robots and drones move them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from mem4d_ros.synthetic.meshes.catalogue import Place
from mem4d_ros.synthetic.meshes.free_space import (
    BESIDE,
    UP,
    distances,
    floors,
    roomy,
    segments_free,
)
from mem4d_ros.synthetic.meshes.tracing import Layer

CLEARANCE = 0.25  # m
LOWEST, HIGHEST = 0.3, 2.1  # m over the floor, of hands and robots
DRONE_HIGHEST = 8.0  # m over the ground
OPEN_SHARE = 0.35  # of horizontal rays that may leave a building
ATTEMPTS = 60
CANDIDATES = 64
FLOOR_BELOW = 0.75  # m under the lowest camera of a place: what is lower lies outside of it


class NoPathFound(RuntimeError):  # noqa: N818
    """A place has no room for a camera path; the message names it."""


@dataclass(frozen=True)
class Style:
    """How a camera moves: metres and degrees from frame to frame."""

    name: str
    share: float
    step: tuple[float, float]  # m
    turn: tuple[float, float]  # degrees


INDOOR_STYLES = (
    Style("walk", 0.34, (0.02, 0.12), (0.2, 2.0)),
    Style("look around", 0.12, (0.0, 0.008), (1.0, 6.0)),
    Style("wide baseline", 0.16, (0.12, 0.32), (1.0, 7.0)),
    Style("nearly still", 0.08, (0.0005, 0.006), (0.02, 0.3)),
    Style("orbit", 0.30, (0.02, 0.15), (0.0, 0.5)),
)
OUTDOOR_STYLES = (
    Style("walk", 0.3, (0.05, 0.3), (0.2, 2.0)),
    Style("drive", 0.25, (0.3, 1.5), (0.0, 1.0)),
    Style("drone", 0.2, (0.1, 1.0), (0.2, 2.5)),
    Style("look around", 0.1, (0.0, 0.01), (1.0, 6.0)),
    Style("orbit", 0.15, (0.1, 0.5), (0.0, 0.5)),
)

Accept = Callable[[np.ndarray], bool]


def draw_path(
    layers: Sequence[Layer],
    place: Place,
    frames: int,
    accept: Accept,
    rng: np.random.Generator,
) -> np.ndarray:
    """camera_to_world (frames, 4, 4), OpenCV axes, that `accept` takes.

    Raises:
        NoPathFound: after many attempts.
    """
    styles = OUTDOOR_STYLES if place.outdoor else INDOOR_STYLES
    shares = np.array([style.share for style in styles])
    style = styles[rng.choice(len(styles), p=shares / shares.sum())]
    pace = 1.0
    for _ in range(ATTEMPTS):
        starts = free_points(layers, place, rng, style.name == "drone")
        if len(starts) == 0:
            continue
        start = starts[rng.integers(len(starts))]
        positions = _positions(start, frames, style, pace, rng)
        if not _passable(layers, place, positions):
            pace = max(0.15, 0.85 * pace)
            continue
        poses = _poses(layers, positions, style, rng)
        if accept(poses):
            return poses
    raise NoPathFound(f"no camera path of {frames} frames ({style.name}) through {place.name}")


def free_points(
    layers: Sequence[Layer], place: Place, rng: np.random.Generator, flying: bool = False
) -> np.ndarray:
    """Some random points (n, 3) where a camera can be; n may be 0."""
    low, high = np.array(place.low), np.array(place.high)
    points = rng.uniform(low, high, (CANDIDATES, 3))
    base = floors(layers, points)
    standing = base > low[2] - FLOOR_BELOW
    points, base = points[standing], base[standing]
    points[:, 2] = base + _heights(len(points), flying, rng)
    points = points[points[:, 2] < high[2]]
    if len(points) == 0:
        return points
    return points[roomy(layers, points, CLEARANCE) & _inside(layers, place, points)]


def _heights(count: int, flying: bool, rng: np.random.Generator) -> np.ndarray:
    """Heights over the floor (count,) in m: in hands, on low and on higher robots, on drones."""
    if flying:
        return rng.uniform(1.5, DRONE_HIGHEST, count)
    hand = np.clip(rng.normal(1.4, 0.25, count), 0.7, HIGHEST)
    robot = rng.uniform(LOWEST, 1.1, count)
    return np.where(rng.random(count) < 0.75, hand, robot)


def _inside(layers: Sequence[Layer], place: Place, points: np.ndarray) -> np.ndarray:
    """Whether walls and a ceiling surround points (n, 3) of a building; outdoors always."""
    if place.outdoor:
        return np.ones(len(points), bool)
    covered = np.isfinite(distances(layers, points, UP[None]))[:, 0]
    open_share = (~np.isfinite(distances(layers, points, BESIDE))).mean(1)
    return covered & (open_share <= OPEN_SHARE)


def _passable(layers: Sequence[Layer], place: Place, positions: np.ndarray) -> bool:
    within = (positions > place.low).all() and (positions < place.high).all()
    return bool(
        within
        and segments_free(layers, positions)
        and roomy(layers, positions, CLEARANCE).all()
        and _inside(layers, place, positions[[0, -1]]).all()
    )


def _positions(
    start: np.ndarray, frames: int, style: Style, pace: float, rng: np.random.Generator
) -> np.ndarray:
    """A smooth walk (frames, 3): its heading and its speed wander."""
    low, high = style.step
    step = pace * np.exp(rng.uniform(np.log(low + 1e-4), np.log(high)))
    wander = rng.uniform(0.05, 1.2)
    heading = rng.uniform(0, 2 * np.pi) + wander * smooth_noise(frames, rng)
    if style.name == "orbit":
        heading = heading[0] + rng.choice((-1, 1)) * np.arange(frames) * rng.uniform(0, 0.08)
    speed = step * np.clip(1 + 0.35 * smooth_noise(frames, rng), 0.1, 2)
    climb = {"drive": 0.0, "drone": 0.35}.get(style.name, 0.15) * smooth_noise(frames, rng)
    steps = np.stack((np.cos(heading), np.sin(heading), climb), 1) * speed[:, None]
    positions = start + np.cumsum(steps, 0) - steps[0]
    shake = rng.uniform(0, 0.006) if style.name != "nearly still" else rng.uniform(0, 0.001)
    return positions + shake * rng.normal(size=(frames, 3))


def _poses(
    layers: Sequence[Layer], positions: np.ndarray, style: Style, rng: np.random.Generator
) -> np.ndarray:
    """Directions for a path: towards something, ahead, or wandering."""
    frames = len(positions)
    turn = np.radians(rng.uniform(*style.turn))
    along = positions[-1] - positions[0]
    if style.name == "orbit":
        target = _target(layers, positions[frames // 2], rng)
        offset = target - positions
        yaw = np.unwrap(np.arctan2(offset[:, 1], offset[:, 0]))
        pitch = np.arctan2(offset[:, 2], np.hypot(offset[:, 0], offset[:, 1]))
        yaw = yaw + 0.05 * smooth_noise(frames, rng)
    else:
        ahead = style.name == "drive" or rng.random() < 0.45
        base = np.arctan2(along[1], along[0]) if ahead else _open_yaw(layers, positions[0], rng)
        swing = turn * frames / 3
        yaw = base + swing * smooth_noise(frames, rng) + rng.normal(0, 0.15)
        if style.name == "look around":
            yaw = base + rng.choice((-1, 1)) * turn * np.arange(frames)
        level = rng.normal(-0.5, 0.25) if style.name == "drone" else rng.normal(-0.12, 0.16)
        pitch = np.clip(level, -0.9, 0.4) + min(swing, 0.5) * 0.4 * smooth_noise(frames, rng)
    tilt = rng.normal(0, 0.2 if rng.random() < 0.12 else 0.05)
    roll = tilt + 0.02 * smooth_noise(frames, rng)
    return np.stack(
        [pose(*arguments) for arguments in zip(positions, yaw, pitch, roll, strict=True)]
    )


def _open_yaw(layers: Sequence[Layer], position: np.ndarray, rng: np.random.Generator) -> float:
    """A direction in which there is room to see, though not always the most."""
    reach = np.minimum(distances(layers, position[None], BESIDE)[0], 6.0)
    index = rng.choice(len(BESIDE), p=reach / reach.sum())
    return float(np.arctan2(BESIDE[index, 1], BESIDE[index, 0]) + rng.uniform(-0.3, 0.3))


def _target(layers: Sequence[Layer], position: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A point on a surface around, not too near."""
    yaw, pitch = rng.uniform(-np.pi, np.pi, 24), rng.uniform(-0.7, 0.25, 24)
    directions = np.stack(
        (np.cos(yaw) * np.cos(pitch), np.sin(yaw) * np.cos(pitch), np.sin(pitch)), 1
    )
    reach = distances(layers, position[None], directions.astype(np.float32))[0]
    good = np.flatnonzero((reach > 0.7) & (reach < 30))
    index = rng.choice(good) if len(good) else 0
    return position + directions[index] * min(float(reach[index]), 10.0)


def pose(position: np.ndarray, yaw: float, pitch: float, roll: float) -> np.ndarray:
    """camera_to_world (4, 4) of a camera that looks along yaw and pitch (up), in rad."""
    forward = np.array([np.cos(yaw) * np.cos(pitch), np.sin(yaw) * np.cos(pitch), np.sin(pitch)])
    right = np.array([np.sin(yaw), -np.cos(yaw), 0.0])
    down = np.cross(forward, right)
    result = np.eye(4)
    result[:3, 0] = np.cos(roll) * right + np.sin(roll) * down
    result[:3, 1] = -np.sin(roll) * right + np.cos(roll) * down
    result[:3, 2] = forward
    result[:3, 3] = position
    return result


def smooth_noise(frames: int, rng: np.random.Generator) -> np.ndarray:
    """A slow curve (frames,) of about unit size that starts anywhere."""
    time = np.arange(frames) / max(frames, 24)
    curve = np.zeros(frames)
    for cycles in (0.4, 0.9, 1.7, 3.1):
        curve += rng.normal() / (1 + cycles) * np.sin(2 * np.pi * (cycles * time + rng.random()))
    return curve * 1.3
