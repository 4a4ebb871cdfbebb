"""Rigid motions: unit quaternions (w, x, y, z) and homogeneous 4x4 matrices.

Every function takes NumPy arrays or torch tensors and is differentiable for the latter. Small
products are written elementwise: matrix products would lose precision under autocast and TF32.
"""

from __future__ import annotations

import numpy as np
import torch

from mem4d_ros.geometry.arrays import Array, namespace, with_inner_axes


def quaternion_to_matrix(quaternion: Array) -> Array:
    """Rotation matrices (..., 3, 3) of quaternions (..., 4) wxyz, which need not be of length 1."""
    xp = namespace(quaternion)
    w, x, y, z = (quaternion[..., i] for i in range(4))
    s = 2.0 / (quaternion * quaternion).sum(-1)
    entries = (
        1 - s * (y * y + z * z), s * (x * y - w * z), s * (x * z + w * y),
        s * (x * y + w * z), 1 - s * (x * x + z * z), s * (y * z - w * x),
        s * (x * z - w * y), s * (y * z + w * x), 1 - s * (x * x + y * y),
    )  # fmt: skip
    return xp.stack(entries, -1).reshape((*quaternion.shape[:-1], 3, 3))


def matrix_to_quaternion(rotation: Array) -> Array:
    """Unit quaternions (..., 4) wxyz with w >= 0 of rotation matrices (..., 3, 3)."""
    xp = namespace(rotation)
    r = [[rotation[..., i, j] for j in range(3)] for i in range(3)]
    x_y, x_z, y_z = r[0][1] + r[1][0], r[0][2] + r[2][0], r[1][2] + r[2][1]
    w_x, w_y, w_z = r[2][1] - r[1][2], r[0][2] - r[2][0], r[1][0] - r[0][1]
    entries = (
        1 + r[0][0] + r[1][1] + r[2][2], w_x, w_y, w_z,
        w_x, 1 + r[0][0] - r[1][1] - r[2][2], x_y, x_z,
        w_y, x_y, 1 - r[0][0] + r[1][1] - r[2][2], y_z,
        w_z, x_z, y_z, 1 - r[0][0] - r[1][1] + r[2][2],
    )  # fmt: skip
    # Row i is 4 q_i (w, x, y, z): the row of the largest |q_i| is never close to zero.
    rows = xp.stack(entries, -1).reshape((*rotation.shape[:-2], 4, 4))
    largest = xp.stack([entries[5 * i] for i in range(4)], -1).argmax(-1)
    take = torch.take_along_dim if xp is torch else np.take_along_axis
    row = take(rows, largest[..., None, None], -2)[..., 0, :]
    row = row / xp.sqrt((row * row).sum(-1))[..., None]
    return xp.where(row[..., :1] < 0, -row, row)


def pose_from(quaternion: Array, translation: Array) -> Array:
    """Homogeneous poses (..., 4, 4) of quaternions (..., 4) wxyz and translations (..., 3)."""
    return pose_from_rotation(quaternion_to_matrix(quaternion), translation)


def pose_from_rotation(rotation: Array, translation: Array) -> Array:
    """Homogeneous poses (..., 4, 4) of rotations (..., 3, 3) and translations (..., 3)."""
    xp = namespace(rotation)
    top = xp.concatenate((rotation, translation[..., None]), -1)
    bottom = xp.zeros_like(top[..., :1, :])
    bottom[..., 3] = 1
    return xp.concatenate((top, bottom), -2)


def rigid_inverse(pose: Array) -> Array:
    """The inverse (..., 4, 4) of rigid poses (..., 4, 4)."""
    rotation, translation = pose[..., :3, :3], pose[..., :3, 3]
    moved = (rotation * translation[..., :, None]).sum(-2)
    return pose_from_rotation(rotation.swapaxes(-1, -2), -moved)


def rotate_vectors(rotation: Array, vectors: Array) -> Array:
    """Vectors (*batch, ..., 3) turned by rotations (*batch, 3, 3); `batch` may be empty."""
    inner = vectors.ndim - rotation.ndim + 1
    rotation = with_inner_axes(rotation, inner, kept=2)
    x, y, z = (vectors[..., i : i + 1] * rotation[..., i] for i in range(3))
    return x + y + z


def transform_points(pose: Array, points: Array) -> Array:
    """Points (*batch, ..., 3) moved by poses (*batch, 4, 4); `batch` may be empty."""
    turned = rotate_vectors(pose[..., :3, :3], points)
    inner = points.ndim - pose.ndim + 1
    return turned + with_inner_axes(pose[..., :3, 3], inner, kept=1)
