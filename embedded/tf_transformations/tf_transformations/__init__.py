"""Stand-in for tf_transformations, for the embedded ROS only.

Quaternions are x, y, z, w; matrices are 4x4 homogeneous; Euler angles are roll, pitch and yaw in
radians about the fixed axes x, y, z (the real package's default, `sxyz`). The names and conventions
are those of the real package that the nodes of this repository call; see
https://github.com/DLu/tf_transformations.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

Angles = tuple[float, float, float]

GIMBAL_LOCK = 1e-12


def identity_matrix() -> np.ndarray:
    return np.eye(4)


def translation_matrix(direction: ArrayLike) -> np.ndarray:
    matrix = np.eye(4)
    matrix[:3, 3] = direction
    return matrix


def translation_from_matrix(matrix: ArrayLike) -> np.ndarray:
    return np.array(matrix, dtype=np.float64)[:3, 3]


def inverse_matrix(matrix: ArrayLike) -> np.ndarray:
    return np.linalg.inv(matrix)


def concatenate_matrices(*matrices: ArrayLike) -> np.ndarray:
    """Return the product of the matrices: the last one is applied first."""
    product = np.eye(4)
    for matrix in matrices:
        product = product @ np.asarray(matrix)
    return product


def quaternion_matrix(quaternion: Sequence[float]) -> np.ndarray:
    """Return the rotation of a quaternion of any length but zero, which means no rotation."""
    x, y, z, w = quaternion
    squared_norm = x * x + y * y + z * z + w * w
    matrix = np.eye(4)
    if squared_norm > np.finfo(np.float64).eps:
        cross = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
        matrix[:3, :3] += 2.0 / squared_norm * (w * cross + cross @ cross)
    return matrix


def quaternion_from_matrix(matrix: ArrayLike) -> np.ndarray:
    """Return the unit quaternion, with w >= 0, of the rotation in a 4x4 matrix.

    It is the eigenvector to the largest eigenvalue of a symmetric matrix made of the rotation
    (Bar-Itzhack 2000), which stays accurate at every angle.
    """
    r = np.asarray(matrix, dtype=np.float64)[:3, :3]
    vector = np.array([r[2, 1] - r[1, 2], r[0, 2] - r[2, 0], r[1, 0] - r[0, 1]])
    k = np.empty((4, 4))
    k[:3, :3] = r + r.T - np.trace(r) * np.eye(3)
    k[:3, 3] = k[3, :3] = vector
    k[3, 3] = np.trace(r)
    quaternion = np.linalg.eigh(k)[1][:, -1]
    return -quaternion if quaternion[3] < 0.0 else quaternion


def quaternion_from_euler(ai: float, aj: float, ak: float) -> np.ndarray:
    """Return the quaternion of a roll `ai`, then a pitch `aj`, then a yaw `ak`."""
    roll = (math.sin(ai / 2), 0.0, 0.0, math.cos(ai / 2))
    pitch = (0.0, math.sin(aj / 2), 0.0, math.cos(aj / 2))
    yaw = (0.0, 0.0, math.sin(ak / 2), math.cos(ak / 2))
    return np.array(quaternion_multiply(yaw, quaternion_multiply(pitch, roll)))


def euler_from_matrix(matrix: ArrayLike) -> Angles:
    """Return roll, pitch and yaw; where pitch is ±90 degrees yaw is zero."""
    r = np.asarray(matrix, dtype=np.float64)
    cos_pitch = math.hypot(r[0, 0], r[1, 0])
    pitch = math.atan2(-r[2, 0], cos_pitch)
    if cos_pitch < GIMBAL_LOCK:
        return math.atan2(-r[1, 2], r[1, 1]), pitch, 0.0
    return math.atan2(r[2, 1], r[2, 2]), pitch, math.atan2(r[1, 0], r[0, 0])


def euler_from_quaternion(quaternion: Sequence[float]) -> Angles:
    return euler_from_matrix(quaternion_matrix(quaternion))


def quaternion_multiply(
    quaternion1: Sequence[float], quaternion0: Sequence[float]
) -> tuple[float, float, float, float]:
    """Return the product: as a rotation, `quaternion0` is applied first."""
    x1, y1, z1, w1 = quaternion1
    x0, y0, z0, w0 = quaternion0
    return (
        w1 * x0 + x1 * w0 + y1 * z0 - z1 * y0,
        w1 * y0 - x1 * z0 + y1 * w0 + z1 * x0,
        w1 * z0 + x1 * y0 - y1 * x0 + z1 * w0,
        w1 * w0 - x1 * x0 - y1 * y0 - z1 * z0,
    )


def quaternion_conjugate(quaternion: Sequence[float]) -> np.ndarray:
    return np.asarray(quaternion, dtype=np.float64) * (-1.0, -1.0, -1.0, 1.0)


def quaternion_inverse(quaternion: Sequence[float]) -> np.ndarray:
    return quaternion_conjugate(quaternion) / np.dot(quaternion, quaternion)
