"""Paths of cameras through a stage: camera-to-scene poses (T, 4, 4), optical axes, z-up scene."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from mem4d_ros.geometry import matrix_to_quaternion, quaternion_to_matrix
from mem4d_ros.synthetic.scene.motion import Circuit
from mem4d_ros.synthetic.scene.obstacles import Obstacles
from mem4d_ros.synthetic.scene.stage import Stage

CameraMaker = Callable[[np.random.Generator, Stage, np.ndarray], np.ndarray]

CANDIDATES = 24
CLEARANCE = 0.35  # m that a path keeps from every surface, where one of the candidates does
FOLLOWED = 0.4  # share of the glances that follow a body, where there is one
FASTEST_TURN = 2.0  # rad/s, less the clearance's number, that a path turns at


def hand_held(rng: np.random.Generator, stage: Stage, times: np.ndarray) -> np.ndarray:
    """Walking slowly with the camera in the hand, looking at one thing and then at another."""
    position = _stroll(rng, stage, times, height=rng.uniform(1.2, 1.7))
    return shaken(rng, look_at(position, gaze(rng, stage, position, times)), times, strength=1.0)


def driving(rng: np.random.Generator, stage: Stage, times: np.ndarray) -> np.ndarray:
    """On a robot: low, level, along an arc, looking where it goes."""
    x0, x1, y0, y1 = stage.floor
    radii = rng.uniform(0.3, 0.95, 2) * (x1 - x0, y1 - y0) / 2
    period = 2 * np.pi * radii.mean() / rng.uniform(0.2, 0.8) * rng.choice([-1, 1])
    centre = ((x0 + x1) / 2, (y0 + y1) / 2, rng.uniform(0.3, 1.0))
    circuit = Circuit(centre, (radii[0], radii[1]), 0.0, period, rng.uniform(0, 2 * np.pi))
    poses = circuit(times)
    ahead = poses[:, :3, 0] + [0, 0, rng.uniform(-0.25, 0.05)]
    path = look_at(poses[:, :3, 3], poses[:, :3, 3] + ahead)
    return shaken(rng, path, times, strength=0.2)


def turning(rng: np.random.Generator, stage: Stage, times: np.ndarray) -> np.ndarray:
    """On the spot, round and round."""
    position = _spot(rng, stage, times)
    angle = rng.uniform(0, 2 * np.pi) + rng.choice([-1, 1]) * rng.uniform(0.15, 0.7) * times
    down = np.full(len(times), rng.uniform(-0.5, 0.0))
    target = position + np.stack([np.cos(angle), np.sin(angle), down], -1)
    return shaken(rng, look_at(position, target), times, strength=0.6)


def standing(rng: np.random.Generator, stage: Stage, times: np.ndarray) -> np.ndarray:
    """On a tripod."""
    position = _spot(rng, stage, times)
    target = gaze(rng, stage, position, 0 * times)
    return look_at(position, target)


SHARES: Mapping[CameraMaker, float] = {hand_held: 0.7, driving: 0.12, turning: 0.1, standing: 0.08}


def camera_path(
    rng: np.random.Generator,
    stage: Stage,
    times: np.ndarray,
    makers: Mapping[CameraMaker, float] = SHARES,
) -> np.ndarray:
    """The first of some random paths that keeps its distance from everything, or the best."""
    weights = np.array(list(makers.values()))
    maker = list(makers)[rng.choice(len(makers), p=weights / weights.sum())]
    sampled = np.linspace(0, len(times) - 1, min(len(times), 24)).astype(int)
    obstacles = Obstacles.of(stage.scene.parts, times[sampled])
    best, most = np.empty(0), -np.inf
    for _ in range(CANDIDATES):
        path = maker(rng, stage, times)
        here, forward = path[sampled, :3, 3], path[sampled, :3, 2]
        around, ahead = obstacles.distance(np.stack([here, here + 0.8 * forward], 1)).min(0)
        free = min(around, ahead + 0.3, FASTEST_TURN - _turn_rate(path, times))
        if free > most:
            best, most = path, free
        if free > CLEARANCE:
            break
    return best


def look_at(position: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Level poses (T, 4, 4) at positions (T, 3) with targets (T, 3) in the image's middle."""
    forward = target - position
    forward = forward / np.linalg.norm(forward, axis=-1, keepdims=True)
    right = np.cross(forward, [0.0, 0.0, 1.0])
    right = right / np.linalg.norm(right, axis=-1, keepdims=True)
    poses = np.tile(np.eye(4), (len(position), 1, 1))
    poses[:, :3, :3] = np.stack([right, np.cross(forward, right), forward], -1)
    poses[:, :3, 3] = position
    return poses


def _turn_rate(path: np.ndarray, times: np.ndarray) -> float:
    """The fastest turn in rad/s between two frames."""
    if len(path) == 1:
        return 0.0
    turns = matrix_to_quaternion(path[:-1, :3, :3].swapaxes(1, 2) @ path[1:, :3, :3])
    angles = 2 * np.arctan2(np.linalg.norm(turns[:, 1:], axis=-1), turns[:, 0])
    return float((angles / np.diff(times)).max())


def _stroll(rng: np.random.Generator, stage: Stage, times: np.ndarray, height: float) -> np.ndarray:
    """Positions (T, 3) on a smooth way that stays over the free floor, at 0.2 to 1 m/s at most."""
    low = np.array([stage.floor[0], stage.floor[2], height - 0.15])
    high = np.array([stage.floor[1], stage.floor[3], height + 0.15])
    reach = rng.uniform(0.3, 1.0, 3) * (high - low) / 2
    middle = rng.uniform(low + reach, high - reach)
    speed = rng.uniform(0.2, 1.0) * np.sqrt(rng.dirichlet([2.0, 2.0, 0.1]))
    phase = rng.uniform(0, 2 * np.pi, 3)
    return middle + reach * np.sin(times[:, None] * speed / reach + phase)


def _spot(rng: np.random.Generator, stage: Stage, times: np.ndarray) -> np.ndarray:
    """One position over the free floor, (T, 3)."""
    x0, x1, y0, y1 = stage.floor
    here = rng.uniform((x0, y0, 1.1), (x1, y1, 1.7))
    return here[None].repeat(len(times), 0)


def gaze(
    rng: np.random.Generator, stage: Stage, position: np.ndarray, times: np.ndarray
) -> np.ndarray:
    """Targets (T, 3): the eye rests on one thing and glides to the next, each for some seconds."""
    distance = np.linalg.norm((stage.interests - position.mean(0))[:, :2], axis=-1)
    relative = distance / stage.viewing_distance
    weight = np.where(relative > 0.5, np.exp(-4 * (relative - 1) ** 2), 0) + 1e-6
    things = stage.interests[rng.choice(len(weight), size=8, p=weight / weight.sum())]
    targets = np.repeat(things[:, None], len(times), 1)  # (8, T, 3)
    if stage.bodies:
        for target in np.flatnonzero(rng.random(8) < FOLLOWED):
            body = stage.bodies[rng.integers(len(stage.bodies))]
            targets[target] = body.poses(times)[:, :3, 3]
    targets += rng.normal(0, (0.25, 0.25, 0.2), (8, 1, 3))
    progress = (times / rng.uniform(1.5, 4.0) + rng.random()) % 7
    before, frame = progress.astype(int), np.arange(len(times))
    share = np.clip((progress - before) * 1.5 - 0.25, 0, 1)[:, None]
    glide = share * share * (3 - 2 * share)
    return targets[before, frame] + glide * (targets[before + 1, frame] - targets[before, frame])


def shaken(
    rng: np.random.Generator, path: np.ndarray, times: np.ndarray, strength: float
) -> np.ndarray:
    """A path with the tremor of a hand: about half a degree and some millimetres."""
    turn = strength * (_tremor(rng, times, 0.006) + rng.normal(0, (0.01, 0.0, 0.04)))  # rad
    quaternion = np.column_stack([np.ones(len(times)), turn / 2])  # of small angles
    shaken = path.copy()
    shaken[:, :3, :3] = path[:, :3, :3] @ quaternion_to_matrix(quaternion)
    shaken[:, :3, 3] += strength * _tremor(rng, times, 0.004)
    return shaken


def _tremor(rng: np.random.Generator, times: np.ndarray, size: float) -> np.ndarray:
    """(T, 3) sums of sines from 0.3 to 5 Hz, the slow ones larger."""
    frequency = np.geomspace(0.3, 5.0, 6) * rng.uniform(0.8, 1.25, 6)
    phase = rng.uniform(0, 2 * np.pi, (6, 3))
    waves = np.sin(2 * np.pi * times[:, None, None] * frequency[:, None] + phase)
    return size * (waves / np.sqrt(frequency)[:, None]).sum(1)
