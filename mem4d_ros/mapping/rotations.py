"""Small turns: the exponential of rotation vectors (Rodrigues)."""

from __future__ import annotations

import cv2
import numpy as np


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


def half_motion(motion: np.ndarray) -> np.ndarray:
    """Half the turn and half the way of a rigid motion (4, 4)."""
    half = np.eye(4)
    half[:3, :3] = cv2.Rodrigues(cv2.Rodrigues(motion[:3, :3])[0] / 2)[0]
    half[:3, 3] = motion[:3, 3] / 2
    return half
