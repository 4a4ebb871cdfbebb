"""Things that are added to a place: furniture at rest, people and cars that go their ways."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from mem4d_ros.synthetic.meshes.cameras import smooth_noise
from mem4d_ros.synthetic.meshes.catalogue import (
    BUILDINGS,
    CARS,
    FURNITURE,
    HAND_HELD,
    PEOPLE,
    STREET_OBJECTS,
    TREES,
)
from mem4d_ros.synthetic.meshes.free_space import (
    BESIDE,
    distances,
    floors,
    roomy,
    segments_free,
)
from mem4d_ros.synthetic.meshes.mesh import Mesh
from mem4d_ros.synthetic.meshes.tracing import Layer

STILL_SHARE = 0.35  # of sequences in which nothing moves
TRIES = 12
KEPT_OFF = 0.45  # m between a camera and anything that is added
STILL = 1e-3  # m; a body whose fastest point moves less from frame to frame is at rest

Library = Callable[[str], Mesh]


@dataclass(frozen=True)
class Placed:
    """An object with its object-to-world poses (T + 1, 4, 4), of frames 0 to T."""

    mesh: Mesh
    poses: np.ndarray

    def moving(self) -> np.ndarray:
        """Whether it moves from each frame to the next (T,)."""
        box = zip(self.mesh.low, self.mesh.high, strict=True)
        corners = np.array([(*corner, 1.0) for corner in product(*box)])  # (8, 4)
        places = np.einsum("tij,cj->tci", self.poses[:, :3], corners)
        return np.linalg.norm(np.diff(places, axis=0), axis=-1).max(1) > STILL


@dataclass(frozen=True)
class Setting:
    """Where things are added: a place as it is, and the camera that will look at them."""

    layers: Sequence[Layer]
    camera_to_world: np.ndarray  # (T, 4, 4)
    half_angle: float  # rad, half the horizontal field of view
    outdoor: bool

    @property
    def frames(self) -> int:
        return len(self.camera_to_world)


def draw_props(setting: Setting, library: Library, rng: np.random.Generator) -> list[Placed]:
    """Things at rest on the floor, or along a street."""
    placed: list[Placed] = []
    if setting.outdoor:
        wanted = _names(BUILDINGS, int(rng.integers(0, 5)), rng)
        wanted += _names(CARS, int(rng.integers(0, 4)), rng)
        wanted += _names(STREET_OBJECTS, int(rng.integers(0, 8)), rng)
        wanted += _names(TREES, int(rng.choice((0, 0, 3, 8, 16))), rng)
    else:
        wanted = _names(FURNITURE, rng.choice((0, 0, 1, 2, 3, 5)), rng)
        wanted += _names(PEOPLE, int(rng.random() < 0.1), rng)
    for name in wanted:
        reach = (12, 60) if name in BUILDINGS else (3, 30) if setting.outdoor else (1.0, 5)
        thing = on_ground(setting, library(name), reach, 0.0, placed, rng)
        if thing is not None:
            placed.append(thing)
    return placed


def draw_movers(
    setting: Setting, others: Sequence[Placed], library: Library, rng: np.random.Generator
) -> list[Placed]:
    """Things that move: none in many sequences, people mostly, near the camera too."""
    if rng.random() < STILL_SHARE:
        return []
    placed = list(others)
    movers = []
    for _ in range(rng.integers(1, 4)):
        kind = rng.random()
        reach: tuple[float, float]
        if setting.outdoor and kind < 0.45:
            speed = 0.0 if rng.random() < 0.1 else rng.uniform(0.05, 0.8)
            reach = (5, 30)
            thing = on_ground(setting, library(rng.choice(CARS)), reach, speed, placed, rng)
        elif kind < 0.75:
            speed = 0.0 if rng.random() < 0.15 else rng.uniform(0.008, 0.12)
            reach = (0.8, 2.2) if rng.random() < 0.4 else (1.8, 8)
            thing = on_ground(setting, library(rng.choice(PEOPLE)), reach, speed, placed, rng)
        elif kind < 0.87:
            speed = rng.uniform(0.005, 0.08)
            thing = on_ground(setting, library(rng.choice(FURNITURE)), (1, 5), speed, placed, rng)
        else:
            thing = _in_hand(setting, library(rng.choice(HAND_HELD)), rng)
        if thing is not None:
            movers.append(thing)
            placed.append(thing)
    return movers


def _names(names: Sequence[str], count: int, rng: np.random.Generator) -> list[str]:
    return [str(name) for name in rng.choice(names, count)]


def on_ground(
    setting: Setting,
    mesh: Mesh,
    reach: tuple[float, float],
    speed: float,
    others: Sequence[Placed],
    rng: np.random.Generator,
) -> Placed | None:
    """An object that stands or goes `speed` m a frame on the floor in view; None without room."""
    size = mesh.high - mesh.low
    radius = 0.5 * float(np.hypot(size[0], size[1]))
    for _ in range(TRIES):
        spot = _spot(setting, reach, radius, rng)
        if spot is None:
            continue
        track = _track(spot, setting.frames + 1, speed, rng)
        if _free_track(setting, track, radius, float(size[2]), others):
            return Placed(mesh, standing(mesh, track, speed, rng))
        speed *= 0.7
    return None


def _spot(
    setting: Setting, reach: tuple[float, float], radius: float, rng: np.random.Generator
) -> np.ndarray | None:
    """A point on the floor that the camera of some frame sees, so far away; None for no luck."""
    camera = setting.camera_to_world[rng.integers(setting.frames)]
    forward = camera[:3, 2]
    yaw = np.arctan2(forward[1], forward[0]) + rng.uniform(-1, 1) * setting.half_angle
    away = np.exp(rng.uniform(*np.log(reach))) + radius
    direction = np.array([np.cos(yaw), np.sin(yaw), 0.0])
    point = camera[:3, 3] + away * direction
    if distances(setting.layers, camera[None, :3, 3], direction[None].astype(np.float32)) < away:
        return None
    floor = floors(setting.layers, np.stack((point, camera[:3, 3])))
    if not np.isfinite(floor).all() or abs(floor[0] - floor[1]) > (1.5 if setting.outdoor else 0.3):
        return None
    return np.array([point[0], point[1], floor[0]])


def _track(spot: np.ndarray, count: int, speed: float, rng: np.random.Generator) -> np.ndarray:
    """A smooth way (count, 3) over the floor that passes the spot somewhere on its length."""
    heading = rng.uniform(0, 2 * np.pi) + rng.uniform(0, 0.5) * smooth_noise(count, rng)
    pace = speed * np.clip(1 + 0.3 * smooth_noise(count, rng), 0, 2)
    steps = np.stack((np.cos(heading) * pace, np.sin(heading) * pace, np.zeros(count)), 1)
    way = np.cumsum(steps, 0)
    return spot + way - way[rng.integers(count)]


def _free_track(
    setting: Setting,
    track: np.ndarray,
    radius: float,
    height: float,
    others: Sequence[Placed],
) -> bool:
    """Whether an object of this radius can go along: nothing beside, even floor, nobody there."""
    some = np.unique(np.linspace(0, len(track) - 1, 5).round().astype(int))
    for share in (0.25, 0.8):
        probe = track + np.array((0, 0, share * min(height, 2.5)))
        if distances(setting.layers, probe[some], BESIDE).min() < radius:
            return False
        if not segments_free(setting.layers, probe):
            return False
    if np.abs(floors(setting.layers, probe[some]) - track[some, 2]).max() > 0.06:
        return False
    camera = setting.camera_to_world[:, :2, 3]
    together = np.linalg.norm(track[:-1, :2] - camera, axis=1)
    swept = np.linalg.norm(track[some, None, :2] - camera, axis=-1)
    nearest = swept.min() if np.ptp(track, 0).max() < 1e-6 else together.min()
    if nearest < radius + KEPT_OFF:
        return False
    for other in others:
        size = other.mesh.high - other.mesh.low
        apart = np.linalg.norm(other.poses[some, :2, 3] - track[some, :2], axis=1)
        if apart.min() < radius + 0.4 * np.hypot(size[0], size[1]):
            return False
    return True


def standing(mesh: Mesh, track: np.ndarray, speed: float, rng: np.random.Generator) -> np.ndarray:
    """Poses upright along a track, facing where it goes, with the sway of a walk."""
    count = len(track)
    steps = np.gradient(track, axis=0)
    yaw = np.unwrap(np.arctan2(steps[:, 1], steps[:, 0]))
    if speed < 1e-4 or np.ptp(track[:, :2], 0).max() < 1e-6:
        yaw = np.full(count, rng.uniform(0, 2 * np.pi))
    cosine, sine = np.cos(yaw), np.sin(yaw)
    poses = np.tile(np.eye(4), (count, 1, 1))
    poses[:, 0, 0], poses[:, 0, 1], poses[:, 1, 0], poses[:, 1, 1] = cosine, -sine, sine, cosine
    middle = 0.5 * (mesh.low + mesh.high)
    base = np.array([middle[0], middle[1], mesh.low[2]])
    poses[:, :3, 3] = track - poses[:, :3, :3] @ base
    return poses


def _in_hand(setting: Setting, mesh: Mesh, rng: np.random.Generator) -> Placed | None:
    """An object that is carried about in the air before the camera, and turned."""
    frames = setting.frames + 1
    size = float(np.linalg.norm(mesh.high - mesh.low))
    scale = rng.uniform(0.2, 0.6) / size
    middle = 0.5 * (mesh.low + mesh.high)
    for _ in range(TRIES):
        frame = rng.integers(setting.frames)
        camera = setting.camera_to_world[frame]
        away = rng.uniform(0.6, 2.0)
        side = rng.uniform(-0.6, 0.6, 2) * np.tan(setting.half_angle)
        point = camera[:3, 3] + away * (camera[:3, :3] @ np.array([side[0], side[1] * 0.7, 1.0]))
        swing = rng.uniform(0.02, 0.3)
        curve = np.stack([smooth_noise(frames, rng) for _ in range(3)], 1) * swing
        track = point + curve - curve[frame]
        radius = 0.5 * scale * size
        apart = np.linalg.norm(track[:-1] - setting.camera_to_world[:, :3, 3], axis=1).min()
        if apart < radius + 0.25 or not roomy(setting.layers, track, radius).all():
            continue
        if not segments_free(setting.layers, np.stack((camera[:3, 3], point))):
            continue
        turns = np.stack([smooth_noise(frames, rng) for _ in range(3)], 1) * 0.8
        turns += rng.uniform(-np.pi, np.pi, 3)
        poses = np.tile(np.eye(4), (frames, 1, 1))
        poses[:, :3, :3] = scale * np.stack([_rotation(*angles) for angles in turns])
        poses[:, :3, 3] = track - poses[:, :3, :3] @ middle
        return Placed(mesh, poses)
    return None


def _rotation(a: float, b: float, c: float) -> np.ndarray:
    """A rotation by angles about z, y and x."""
    rz = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])
    ry = np.array([[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]])
    rx = np.array([[1, 0, 0], [0, np.cos(c), -np.sin(c)], [0, np.sin(c), np.cos(c)]])
    return rz @ ry @ rx
