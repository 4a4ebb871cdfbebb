"""Hills under grass, earth and rock, as no file of meshes has them: a height field from a seed."""

from __future__ import annotations

import cv2
import numpy as np

from mem4d_ros.synthetic.meshes.packed import Material, PackedMesh
from mem4d_ros.synthetic.textures.noise import TILE_SIZE, fractal, natural_colour

LEVELS = 3  # kinds of ground, lowest and flattest first
_ROUGHNESS = (2.6, 1.9)  # exponents of the noise of hills and of bumps
_GRASS = ((0.20, 0.27, 0.10), (0.42, 0.46, 0.20))


def terrain(seed: int, side: float, height: float) -> PackedMesh:
    """A square of `side` m about the origin, whose hills are about `height` m high.

    It is flatter in the middle, where things can stand.
    """
    rng = np.random.default_rng(seed)
    count = TILE_SIZE
    hills, bumps = (fractal(rng, exponent) for exponent in _ROUGHNESS)
    axis = (np.arange(count) / (count - 1) - 0.5) * side
    x, y = np.meshgrid(axis, axis)
    away = np.clip(np.hypot(x, y) / (0.5 * side), 0, 1)
    z = height * (0.15 + 0.85 * away) * (0.4 * hills + 0.03 * bumps) + 0.6 * height * away**2
    vertices = np.stack((x, y, z), -1).reshape(-1, 3).astype(np.float32)
    faces = _grid_faces(count)
    tile = rng.uniform(3, 9)  # m
    return PackedMesh(
        vertices=vertices,
        faces=faces,
        uv=(vertices[:, :2] / tile).astype(np.float32),
        face_uv=faces,
        face_material=_ground(vertices[faces], fractal(rng, 1.6), side),
        materials=tuple(Material((128, 128, 128), "", i, False) for i in range(LEVELS)),
        textures=tuple(_texture(i, rng) for i in range(LEVELS)),
    )


def _grid_faces(count: int) -> np.ndarray:
    """Triangles (F, 3) of a grid of count × count vertices, row by row, facing up."""
    corner = np.arange(count * count).reshape(count, count)[:-1, :-1].ravel()
    lower = np.stack((corner, corner + 1, corner + count), 1)
    upper = np.stack((corner + 1, corner + count + 1, corner + count), 1)
    return np.concatenate((lower, upper)).astype(np.int32)


def _ground(corners: np.ndarray, patches: np.ndarray, side: float) -> np.ndarray:
    """What grows on triangles (F, 3, 3): by their slope, and in patches."""
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    slope = np.hypot(normals[:, 0], normals[:, 1]) / np.maximum(normals[:, 2], 1e-9)
    cell = (((corners[:, 0, :2] / side) + 0.5) * (TILE_SIZE - 1)).astype(int)
    wildness = 2.0 * slope + 0.35 * patches[cell[:, 1], cell[:, 0]]
    return np.digitize(wildness, (0.35, 0.9)).astype(np.int16)


def _texture(level: int, rng: np.random.Generator) -> np.ndarray:
    """An image file of one kind of ground: green below, any natural colour above."""
    if level == 0 and rng.random() < 0.7:
        dark, light = (np.array(colour) * rng.uniform(0.8, 1.2, 3) for colour in _GRASS)
    else:
        dark = natural_colour(rng, (0.15, 0.4))
        light = dark + rng.uniform(0.1, 0.4)
    fine, coarse = fractal(rng, 0.4), fractal(rng, rng.uniform(1.0, 1.6))
    share = np.clip(0.5 + 0.2 * fine + 0.2 * coarse, 0, 1)[..., None]
    image = (np.clip(dark + share * (light - dark), 0, 1) * 255).astype(np.uint8)
    _, file = cv2.imencode(".png", np.ascontiguousarray(image[..., ::-1]))
    return file.ravel()
