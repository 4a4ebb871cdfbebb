"""Between pixels with depth and points in the optical frame (x right, y down, z forward)."""

from __future__ import annotations

import numpy as np
import torch

from mem4d_ros.geometry.arrays import Array, namespace, with_inner_axes


def pixel_rays(intrinsics: Array, height: int, width: int) -> Array:
    """Rays (..., height, width, 3) with z = 1 through the pixel centres, for K (..., 3, 3)."""
    xp = namespace(intrinsics)
    x, y = _slopes(intrinsics, height, width)
    return xp.stack((x, xp.broadcast_to(y, x.shape), xp.ones_like(x)), -1)


def unproject(depth: Array, intrinsics: Array) -> Array:
    """points_camera (..., H, W, 3) in m of depth along z (..., H, W) in m, for K (..., 3, 3)."""
    xp = namespace(depth)
    x, y = _slopes(intrinsics, *depth.shape[-2:])
    x, y = x * depth, y * depth  # (..., H, W), for all the cameras and maps that there are
    return xp.stack((x, y, xp.broadcast_to(depth, x.shape)), -1)


def project(points_camera: Array, intrinsics: Array) -> tuple[Array, Array]:
    """Pixels (*batch, ..., 2) and depth (*batch, ...) in m of points, for K (*batch, 3, 3).

    Pixels mean nothing where depth is not positive: such points are not in front of the camera.
    """
    xp = namespace(points_camera)
    k = with_inner_axes(intrinsics, points_camera.ndim - intrinsics.ndim + 1, kept=2)
    depth = points_camera[..., 2]
    x, y = points_camera[..., 0] / depth, points_camera[..., 1] / depth
    u = k[..., 0, 0] * x + k[..., 0, 1] * y + k[..., 0, 2]
    v = k[..., 1, 1] * y + k[..., 1, 2]
    return xp.stack((u, v), -1), depth


def _slopes(intrinsics: Array, height: int, width: int) -> tuple[Array, Array]:
    """x (..., height, width) and y (..., height, 1) of the rays where they have z = 1."""
    columns, rows = _arange_like(intrinsics, width), _arange_like(intrinsics, height)
    k = with_inner_axes(intrinsics, 2, kept=2)
    y = (rows[:, None] - k[..., 1, 2]) / k[..., 1, 1]
    x = (columns - k[..., 0, 2] - k[..., 0, 1] * y) / k[..., 0, 0]
    return x, y


def _arange_like(array: Array, count: int) -> Array:
    """0, 1, ... count - 1 of the kind, type and device of `array`."""
    if isinstance(array, torch.Tensor):
        return torch.arange(count, dtype=array.dtype, device=array.device)
    return np.arange(count, dtype=array.dtype)
