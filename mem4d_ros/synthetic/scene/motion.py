"""How bodies move: poses in closed form over time, smooth and without end.

Each motion is called with times (T,) in s and gives poses (T, 4, 4) in the scene's z-up frame.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mem4d_ros.synthetic.scene.scene import Motion

Point = tuple[float, float, float]


@dataclass(frozen=True)
class Chain:
    """`inner` happens in the frame that `outer` moves: an arm on a walking body."""

    outer: Motion
    inner: Motion

    def __call__(self, times: np.ndarray) -> np.ndarray:
        return self.outer(times) @ self.inner(times)


@dataclass(frozen=True)
class Circuit:
    """Round an ellipse on the floor, heading (own +x axis) along the way."""

    centre: Point
    radii: tuple[float, float]
    yaw: float
    period: float
    phase: float = 0.0

    def __call__(self, times: np.ndarray) -> np.ndarray:
        angle = 2 * np.pi * times / self.period + self.phase
        cos, sin = np.cos(angle), np.sin(angle)
        (a, b), (c, s) = self.radii, (np.cos(self.yaw), np.sin(self.yaw))
        x, y = a * cos, b * sin
        heading = np.arctan2(b * cos * np.sign(self.period), -a * sin * np.sign(self.period))
        poses = _turned(heading + self.yaw, axis=2)
        poses[:, :3, 3] = np.stack([c * x - s * y, s * x + c * y, 0 * x], -1) + self.centre
        return poses


@dataclass(frozen=True)
class Straight:
    """From `start` at t = 0 on and on with `velocity` (m/s), heading (own +x axis) along it."""

    start: Point
    velocity: Point

    def __call__(self, times: np.ndarray) -> np.ndarray:
        heading = np.arctan2(self.velocity[1], self.velocity[0])
        poses = _turned(np.full(len(times), heading), axis=2)
        poses[:, :3, 3] = np.array(self.start) + times[:, None] * np.array(self.velocity)
        return poses


@dataclass(frozen=True)
class Fixed:
    """Stays where it is put."""

    pose: np.ndarray  # (4, 4)

    def __call__(self, times: np.ndarray) -> np.ndarray:
        return np.broadcast_to(self.pose, (len(times), 4, 4))


@dataclass(frozen=True)
class Shuttle:
    """From `start` to `end` and back, slowing down at both."""

    start: Point
    end: Point
    period: float
    phase: float = 0.0

    def __call__(self, times: np.ndarray) -> np.ndarray:
        share = 0.5 - 0.5 * np.cos(2 * np.pi * times / self.period + self.phase)
        poses = np.tile(np.eye(4), (len(times), 1, 1))
        start, end = np.array(self.start), np.array(self.end)
        poses[:, :3, 3] = start + share[:, None] * (end - start)
        return poses


@dataclass(frozen=True)
class Roll:
    """A ball that rolls on the floor as `path` moves its centre."""

    path: Shuttle
    radius: float

    def __call__(self, times: np.ndarray) -> np.ndarray:
        poses = self.path(times)
        way = np.array(self.path.end) - np.array(self.path.start)
        rolled = (poses[:, :3, 3] - self.path.start) @ way / np.linalg.norm(way)
        heading = _turned(np.full(len(times), np.arctan2(way[1], way[0])), axis=2)
        return poses @ heading @ _turned(rolled / self.radius, axis=1) @ heading.swapaxes(1, 2)


@dataclass(frozen=True)
class Swing:
    """To and fro about an axis (0, 1, 2 for x, y, z) through `pivot`, by ± `amplitude` rad."""

    pivot: Point
    axis: int
    amplitude: float
    period: float
    phase: float = 0.0
    rest: float = 0.0

    def __call__(self, times: np.ndarray) -> np.ndarray:
        angle = self.rest + self.amplitude * np.sin(2 * np.pi * times / self.period + self.phase)
        return _about(self.pivot, _turned(angle, self.axis))


@dataclass(frozen=True)
class Spin:
    """Round and round about an axis (0, 1, 2 for x, y, z) through `pivot`, at `rate` rad/s."""

    pivot: Point
    axis: int
    rate: float

    def __call__(self, times: np.ndarray) -> np.ndarray:
        return _about(self.pivot, _turned(self.rate * times, self.axis))


@dataclass(frozen=True)
class Bounce:
    """Up and down from the floor, in parabolas of the given height."""

    height: float
    phase: float = 0.0

    def __call__(self, times: np.ndarray) -> np.ndarray:
        period = 2 * np.sqrt(2 * self.height / 9.81)
        share = (times / period + self.phase) % 1
        poses = np.tile(np.eye(4), (len(times), 1, 1))
        poses[:, 2, 3] = 4 * self.height * share * (1 - share)
        return poses


def _turned(angles: np.ndarray, axis: int) -> np.ndarray:
    """Rotations (T, 4, 4) by angles (T,) about a coordinate axis."""
    i, j = (axis + 1) % 3, (axis + 2) % 3
    poses = np.tile(np.eye(4), (len(angles), 1, 1))
    poses[:, i, i] = poses[:, j, j] = np.cos(angles)
    poses[:, i, j], poses[:, j, i] = -np.sin(angles), np.sin(angles)
    return poses


def _about(pivot: Point, rotations: np.ndarray) -> np.ndarray:
    """Rotations (T, 4, 4) about a point instead of the origin; changes its argument."""
    rotations[:, :3, 3] = np.array(pivot) - rotations[:, :3, :3] @ np.array(pivot)
    return rotations
