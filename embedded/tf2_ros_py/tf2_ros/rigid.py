"""Rigid transforms as a unit quaternion and a translation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from geometry_msgs.msg import Transform

ALMOST_PARALLEL = 1.0 - 1e-9


@dataclass(frozen=True)
class Rigid:
    """`point -> rotation * point + translation`; rotation (4,) xyzw, translation (3,) in metres."""

    rotation: np.ndarray
    translation: np.ndarray

    @staticmethod
    def identity() -> Rigid:
        return Rigid(np.array([0.0, 0.0, 0.0, 1.0]), np.zeros(3))

    @staticmethod
    def from_msg(msg: Transform) -> Rigid:
        q, t = msg.rotation, msg.translation
        return Rigid(np.array([q.x, q.y, q.z, q.w]), np.array([t.x, t.y, t.z]))

    def to_msg(self) -> Transform:
        msg = Transform()
        q, t = msg.rotation, msg.translation
        q.x, q.y, q.z, q.w = map(float, self.rotation)
        t.x, t.y, t.z = map(float, self.translation)
        return msg

    def __matmul__(self, first: Rigid) -> Rigid:
        """Apply `first`, then self."""
        return Rigid(
            multiply(self.rotation, first.rotation),
            rotate(self.rotation, first.translation) + self.translation,
        )

    def inverse(self) -> Rigid:
        rotation = conjugate(self.rotation)
        return Rigid(rotation, rotate(rotation, -self.translation))

    def towards(self, other: Rigid, fraction: float) -> Rigid:
        """Go `fraction` (0 to 1) of the way to `other`: straight, and along the shortest arc."""
        return Rigid(
            slerp(self.rotation, other.rotation, fraction),
            (1.0 - fraction) * self.translation + fraction * other.translation,
        )


def multiply(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    vector = a[3] * b[:3] + b[3] * a[:3] + np.cross(a[:3], b[:3])
    return np.append(vector, a[3] * b[3] - a[:3] @ b[:3])


def conjugate(q: np.ndarray) -> np.ndarray:
    return q * (-1.0, -1.0, -1.0, 1.0)


def rotate(q: np.ndarray, vector: np.ndarray) -> np.ndarray:
    return multiply(multiply(q, np.append(vector, 0.0)), conjugate(q))[:3]


def slerp(a: np.ndarray, b: np.ndarray, fraction: float) -> np.ndarray:
    cosine = float(a @ b)
    if cosine < 0.0:
        b, cosine = -b, -cosine
    if cosine > ALMOST_PARALLEL:
        blend = (1.0 - fraction) * a + fraction * b
        return blend / np.linalg.norm(blend)
    angle = np.arccos(cosine)
    weights = np.sin([(1.0 - fraction) * angle, fraction * angle]) / np.sin(angle)
    return weights[0] * a + weights[1] * b
