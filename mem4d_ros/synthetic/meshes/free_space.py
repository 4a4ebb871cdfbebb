"""Where a camera, a person or a thing can be in a place: found by rays."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mem4d_ros.synthetic.meshes.tracing import Layer, trace

UP = np.array((0, 0, 1), np.float32)
DOWN = np.array((0, 0, -1), np.float32)


def sphere(count: int) -> np.ndarray:
    """Evenly spread unit directions (count, 3)."""
    z = 1 - 2 * (np.arange(count) + 0.5) / count
    turn = np.arange(count) * 2.399963
    radius = np.sqrt(1 - z * z)
    return np.stack((radius * np.cos(turn), radius * np.sin(turn), z), 1).astype(np.float32)


def circle(count: int) -> np.ndarray:
    """Evenly spread horizontal unit directions (count, 3)."""
    turn = 2 * np.pi * np.arange(count) / count
    return np.stack((np.cos(turn), np.sin(turn), np.zeros(count)), 1).astype(np.float32)


AROUND = sphere(48)
BESIDE = circle(12)


def distances(layers: Sequence[Layer], points: np.ndarray, directions: np.ndarray) -> np.ndarray:
    """Distances (n, d) in m from points (n, 3) along each of directions (d, 3)."""
    origins = np.repeat(points.astype(np.float32), len(directions), 0)
    rays = np.ascontiguousarray(np.tile(directions, (len(points), 1)), np.float32)
    return trace(layers, origins, rays).distance.reshape(len(points), len(directions))


def floors(layers: Sequence[Layer], points: np.ndarray) -> np.ndarray:
    """Heights z (n,) of what lies under points (n, 3); -inf for nothing."""
    return points[:, 2] - distances(layers, points, DOWN[None])[:, 0]


def roomy(layers: Sequence[Layer], points: np.ndarray, clearance: float) -> np.ndarray:
    """Whether points (n, 3) are at least `clearance` m from everything in 48 directions; (n,)."""
    return distances(layers, points, AROUND).min(1) >= clearance


def segments_free(layers: Sequence[Layer], points: np.ndarray) -> bool:
    """Whether nothing lies between successive points (n, 3) of a path."""
    steps = np.diff(points, axis=0).astype(np.float32)
    moving = np.linalg.norm(steps, axis=1) > 1e-6
    if not moving.any():
        return True
    hits = trace(layers, points[:-1][moving].astype(np.float32), steps[moving])
    return bool((hits.distance > 1.05).all())
