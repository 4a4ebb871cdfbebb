"""Rays against convex primitives, in closed form.

Every primitive is an affine image of one of three unit shapes: the cube [-1, 1]³, the cylinder of
radius 1 along z between z = -1 and z = 1, and the ball of radius 1. Rays are taken to the unit
shape's frame, where distances along the ray keep their meaning: the point is origin + t·direction.
"""

from __future__ import annotations

from enum import IntEnum

import torch
from torch import Tensor


class Shape(IntEnum):
    """The unit shapes."""

    BOX = 0
    CYLINDER = 1
    ELLIPSOID = 2


def enter_box(origin: Tensor, direction: Tensor) -> Tensor:
    """Where rays enter the unit cube: t (N, R), inf for a miss; axes are in dimension 1.

    origin (N, 3, R or 1), direction (N, 3, R).
    """
    near, far = _slab(origin, direction)
    return _first_hit(near.amax(1), far.amin(1))


def enter_cylinder(origin: Tensor, direction: Tensor) -> Tensor:
    """Where rays enter the unit cylinder; shapes as for `enter_box`."""
    side_near, side_far = _quadric(origin[:, :2], direction[:, :2])
    cap_near, cap_far = _slab(origin[:, 2], direction[:, 2])
    return _first_hit(torch.maximum(side_near, cap_near), torch.minimum(side_far, cap_far))


def enter_ellipsoid(origin: Tensor, direction: Tensor) -> Tensor:
    """Where rays enter the unit ball; shapes as for `enter_box`."""
    return _first_hit(*_quadric(origin, direction))


ENTER = {
    Shape.BOX: enter_box,
    Shape.CYLINDER: enter_cylinder,
    Shape.ELLIPSOID: enter_ellipsoid,
}


def unit_normal(shape: Tensor, point: Tensor) -> Tensor:
    """Outward normals (..., 3), in the unit frame, at points (..., 3) of unit shapes (...)."""
    x, y, z = point.unbind(-1)
    size = point.abs()
    zero = torch.zeros_like(x)
    face = torch.nn.functional.one_hot(size.argmax(-1), 3) * point.sign()
    cap = (size[..., 2] > torch.hypot(x, y))[..., None]
    side = torch.where(cap, torch.stack((zero, zero, z.sign()), -1), torch.stack((x, y, zero), -1))
    shape = shape[..., None]
    rounded = torch.where(shape == Shape.CYLINDER, side, point)
    return torch.where(shape == Shape.BOX, face, rounded)


def surface_coordinates(shape: Tensor, point: Tensor, half_size: Tensor) -> Tensor:
    """Texture coordinates (..., 2) in m on the surface at points (..., 3) of unit shapes (...).

    Faces and caps carry their two own axes; round sides carry arc length and height.
    """
    x, y, z = (point * half_size).unbind(-1)
    size = point.abs()
    face = size.argmax(-1)
    cap = size[..., 2] > torch.hypot(point[..., 0], point[..., 1])
    flat_u, flat_v = torch.where(face == 0, y, x), torch.where(face == 2, y, z)
    radius = half_size[..., :2].mean(-1)
    round_u = torch.atan2(point[..., 1], point[..., 0]) * radius
    arc_v = torch.asin(point[..., 2].clamp(-1, 1)) * half_size[..., 2]
    ball = shape == Shape.ELLIPSOID
    is_flat = (shape == Shape.BOX) | ((shape == Shape.CYLINDER) & cap)
    flat_u, flat_v = (
        torch.where(shape == Shape.CYLINDER, x, flat_u),
        torch.where(shape == Shape.CYLINDER, y, flat_v),
    )
    return torch.stack(
        (
            torch.where(is_flat, flat_u, round_u),
            torch.where(is_flat, flat_v, torch.where(ball, arc_v, z)),
        ),
        -1,
    )


def _slab(origin: Tensor, direction: Tensor) -> tuple[Tensor, Tensor]:
    """The intervals in which rays are between -1 and 1, for each coordinate on its own."""
    direction = torch.where(direction == 0, 1e-12, direction)
    inverse = direction.reciprocal()
    middle, half = -origin * inverse, inverse.abs()
    return middle - half, middle + half


def _quadric(origin: Tensor, direction: Tensor) -> tuple[Tensor, Tensor]:
    """The intervals in which |origin + t·direction| ≤ 1 over dimension 1; near > far for a miss.

    The point of closest approach comes first: b² - ac would cancel for small, distant shapes.
    """
    square = (direction * direction).sum(1).clamp_min(1e-20)
    middle = -(origin * direction).sum(1) / square
    closest = origin + middle[:, None] * direction
    inside = 1 - (closest * closest).sum(1)
    half = (inside.clamp_min(0) / square).sqrt()
    return torch.where(inside > 0, middle - half, torch.inf), middle + half


def _first_hit(near: Tensor, far: Tensor) -> Tensor:
    """The entrance where the interval is not empty and begins before the ray's origin is inside."""
    return torch.where((near <= far) & (near > 1e-6), near, torch.inf)
