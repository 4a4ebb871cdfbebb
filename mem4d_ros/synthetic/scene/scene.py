"""What a scene is made of: a frozen description, without a renderer.

The scene's frame is z-up with the floor at z = 0, in metres.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np

from mem4d_ros.synthetic.scene.primitives import Shape
from mem4d_ros.synthetic.scene.sky import WHITE, Sky

Motion = Callable[[np.ndarray], np.ndarray]
"""Times (T,) in s to poses (T, 4, 4); smooth, and defined at every time."""

Colour = tuple[float, float, float]

SUN_DISTANCE = 1000.0  # m: single precision still holds the millimetres of shadows


@dataclass(frozen=True)
class Material:
    """A texture, laid on the surface in metres and tinted."""

    texture: int
    tint: Colour = (1.0, 1.0, 1.0)
    tiles_per_metre: tuple[float, float] = (1.0, 1.0)
    offset: tuple[float, float] = (0.0, 0.0)
    gloss: float = 0.0
    emission: float = 0.0


@dataclass(frozen=True)
class Part:
    """One primitive: `pose` (4, 4) takes its own frame to the scene's, or to its motion's."""

    shape: Shape
    half_size: tuple[float, float, float]
    pose: np.ndarray
    material: Material
    motion: Motion | None = None
    casts_shadow: bool = True

    def poses(self, times: np.ndarray) -> np.ndarray:
        """Poses (T, 4, 4) in the scene at times (T,) in s."""
        if self.motion is None:
            return np.broadcast_to(self.pose, (len(times), 4, 4))
        return self.motion(times) @ self.pose


@dataclass(frozen=True)
class PointLight:
    """A lamp: radiance is colour / distance²."""

    position: tuple[float, float, float]
    colour: Colour


def sun(azimuth: float, elevation: float, irradiance: Colour) -> PointLight:
    """A lamp so far away that its light is parallel; angles in rad."""
    level = np.cos(elevation)
    x, y, z = SUN_DISTANCE * np.array(
        [level * np.cos(azimuth), level * np.sin(azimuth), np.sin(elevation)]
    )
    red, green, blue = irradiance
    power = SUN_DISTANCE**2
    return PointLight((x, y, z), (red * power, green * power, blue * power))


@dataclass(frozen=True)
class Scene:
    """Everything that stands or moves, and its light."""

    parts: tuple[Part, ...]
    lights: tuple[PointLight, ...]
    ambient_above: Colour
    ambient_below: Colour
    sky: Sky = WHITE


def box(
    size: tuple[float, float, float], centre: tuple[float, float, float], material: Material
) -> Part:
    """An axis-aligned box of the given full size."""
    half = (size[0] / 2, size[1] / 2, size[2] / 2)
    return Part(Shape.BOX, half, translation(*centre), material)


def cylinder(
    radius: float, height: float, centre: tuple[float, float, float], material: Material
) -> Part:
    """An upright cylinder."""
    return Part(Shape.CYLINDER, (radius, radius, height / 2), translation(*centre), material)


def ellipsoid(
    size: tuple[float, float, float], centre: tuple[float, float, float], material: Material
) -> Part:
    """An axis-aligned ellipsoid of the given full size."""
    half = (size[0] / 2, size[1] / 2, size[2] / 2)
    return Part(Shape.ELLIPSOID, half, translation(*centre), material)


def placed(parts: Iterable[Part], pose: np.ndarray) -> list[Part]:
    """Still parts, moved by `pose` (4, 4)."""
    return [replace(part, pose=pose @ part.pose) for part in parts]


def translation(x: float, y: float, z: float) -> np.ndarray:
    """The pose (4, 4) that moves by x, y and z."""
    pose = np.eye(4)
    pose[:3, 3] = x, y, z
    return pose


def rotation(axis: str, angle: float) -> np.ndarray:
    """(4, 4), by `angle` rad about "x", "y" or "z"."""
    i, j = {"x": (1, 2), "y": (2, 0), "z": (0, 1)}[axis]
    pose = np.eye(4)
    pose[i, i] = pose[j, j] = np.cos(angle)
    pose[i, j], pose[j, i] = -np.sin(angle), np.sin(angle)
    return pose
