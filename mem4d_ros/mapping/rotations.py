"""Small turns: the exponential of rotation vectors (Rodrigues)."""

from __future__ import annotations

import numpy as np

from mem4d_ros.geometry import matrix_to_quaternion


def skew(vectors: np.ndarray) -> np.ndarray:
    """Matrices (..., 3, 3) whose product with x is the cross product vectors (..., 3) × x."""
    matrices = np.zeros((*vectors.shape, 3))
    x, y, z = vectors[..., 0], vectors[..., 1], vectors[..., 2]
    matrices[..., 0, 1], matrices[..., 0, 2], matrices[..., 1, 2] = -z, y, -x
    matrices[..., 1, 0], matrices[..., 2, 0], matrices[..., 2, 1] = z, -y, x
    return matrices


def exponential(vectors: np.ndarray) -> np.ndarray:
    """Rotations (..., 3, 3) by vectors (..., 3): axis times angle in rad."""
    angle = np.linalg.norm(vectors, axis=-1)[..., None, None]
    generator = skew(vectors)
    first = np.sinc(angle / np.pi)
    second = 0.5 * np.sinc(angle / (2 * np.pi)) ** 2
    return np.eye(3) + first * generator + second * generator @ generator


def seen_turning(on_plane: np.ndarray, ahead: np.ndarray) -> np.ndarray:
    """How the image moves as the camera turns about each of its axes, (3, 2, N).

    Args:
        on_plane: (2, N), points on the plane z = 1.
        ahead: (N,), 1, but for points behind the camera, whose depth was taken for another.
    """
    x, y = on_plane
    moves = np.empty((3, 2, len(x)))
    moves[0] = x * y, ahead + y * y
    moves[1] = -ahead - x * x, -x * y
    moves[2] = y, -x
    return moves


def orthonormal(matrices: np.ndarray) -> np.ndarray:
    """The rotations (..., 3, 3) nearest to matrices that rounding has made inexact.

    A product of poses and their inverses doubles the error that it starts from.
    """
    left, _, right = np.linalg.svd(matrices)
    rotations: np.ndarray = left @ right
    return rotations


def angle_between(first: np.ndarray, second: np.ndarray) -> float:
    """Angle in rad between rotations (3, 3)."""
    cosine = (np.trace(first.T @ second) - 1) / 2
    return float(np.arccos(np.clip(cosine, -1, 1)))


def part_of_motion(motion: np.ndarray, share: float) -> np.ndarray:
    """A share of the turn and of the way of a rigid motion (4, 4)."""
    part = np.eye(4)
    part[:3, :3] = exponential(share * logarithm(motion[:3, :3]))
    part[:3, 3] = share * motion[:3, 3]
    return part


def logarithm(rotations: np.ndarray) -> np.ndarray:
    """Rotation vectors (..., 3), at most π long, of rotations (..., 3, 3)."""
    quaternion = matrix_to_quaternion(rotations)  # w >= 0, x, y, z
    length = np.linalg.norm(quaternion[..., 1:], axis=-1, keepdims=True)
    angle = 2 * np.arctan2(length, quaternion[..., :1])
    short = length < 1e-12
    vectors: np.ndarray = quaternion[..., 1:] * np.where(short, 2, angle / (length + short))
    return vectors
