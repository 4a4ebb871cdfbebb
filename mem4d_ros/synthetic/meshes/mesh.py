"""A mesh ready for rays: geometry with normals, textures and the ray engine's tree."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from mem4d_ros.synthetic.meshes.packed import CorruptMesh, PackedMesh, read_mesh
from mem4d_ros.synthetic.meshes.textures import Textures, load_textures

CREASE = np.cos(np.radians(28))  # a corner is smooth where vertex and face normal agree this well
CACHED_MESHES = 128


@dataclass(frozen=True)
class Mesh:
    """N vertices and F triangles in m, z up, with what shading needs of each."""

    vertices: np.ndarray  # (N, 3) float32
    faces: np.ndarray  # (F, 3) int32
    corner_uv: np.ndarray  # (F, 3, 2) float32
    corner_normals: np.ndarray  # (F, 3, 3) float32, the face's own at creases
    face_normals: np.ndarray  # (F, 3) float32
    texel_density: np.ndarray  # (F,) float32, texels of the full texture to a metre
    face_material: np.ndarray  # (F,) int16
    base_colours: np.ndarray  # (M, 3) float32 linear RGB; of a texture its mean
    texture: np.ndarray  # (M,) int32, -1 for none
    tags: tuple[str, ...]  # (M,)
    cut_out: np.ndarray  # (M,) bool
    textures: Textures

    @property
    def low(self) -> np.ndarray:
        return self.vertices.min(0)

    @property
    def high(self) -> np.ndarray:
        return self.vertices.max(0)


@lru_cache(CACHED_MESHES)
def load_mesh(path: Path) -> Mesh:
    """The mesh of a packed file, kept for this process.

    Raises:
        CorruptMesh: the file is missing, truncated or something else.
    """
    try:
        return prepare(read_mesh(path))
    except CorruptMesh:
        raise
    except ValueError as error:
        raise CorruptMesh(f"{path} is not a whole packed mesh: {error}") from error


def prepare(packed: PackedMesh) -> Mesh:
    """Compute normals, texel densities and textures."""
    textures = load_textures(packed.textures)
    texture = np.array([-1 if m.texture is None else m.texture for m in packed.materials], np.int32)
    rgb = np.array([m.rgb for m in packed.materials], np.float32) / 255
    colours = np.where(
        (texture >= 0)[:, None], textures.mean_colours()[np.maximum(texture, 0)], rgb * rgb
    )
    corner_uv = packed.uv[packed.face_uv]
    normals, areas = _face_normals(packed.vertices, packed.faces)
    return Mesh(
        vertices=packed.vertices,
        faces=packed.faces,
        corner_uv=corner_uv,
        corner_normals=_corner_normals(packed.vertices, packed.faces, normals, areas),
        face_normals=normals,
        texel_density=_densities(corner_uv, areas, textures, texture[packed.face_material]),
        face_material=packed.face_material,
        base_colours=colours.astype(np.float32),
        texture=texture,
        tags=tuple(m.tag for m in packed.materials),
        cut_out=np.array([m.cut_out for m in packed.materials]),
        textures=textures,
    )


def _face_normals(vertices: np.ndarray, faces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Unit normals (F, 3) and areas (F,)."""
    a, b, c = (vertices[faces[:, corner]] for corner in range(3))
    normals = np.cross(b - a, c - a)
    lengths = np.linalg.norm(normals, axis=1)
    return normals / np.maximum(lengths, 1e-12)[:, None], lengths / 2


def _corner_normals(
    vertices: np.ndarray, faces: np.ndarray, normals: np.ndarray, areas: np.ndarray
) -> np.ndarray:
    """Area-weighted vertex normals where the surface is smooth, the face's elsewhere."""
    weighted = normals * areas[:, None]
    sums = np.zeros((len(vertices), 3), np.float32)
    for axis in range(3):
        weights = np.repeat(weighted[:, axis], 3)
        sums[:, axis] = np.bincount(faces.ravel(), weights, minlength=len(vertices))
    sums /= np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-12)
    corners = sums[faces]  # (F, 3, 3)
    smooth = np.einsum("fci,fi->fc", corners, normals) > CREASE
    return np.where(smooth[..., None], corners, normals[:, None]).astype(np.float32)


def _densities(
    corner_uv: np.ndarray, areas: np.ndarray, textures: Textures, texture: np.ndarray
) -> np.ndarray:
    """Texels of the full texture to a metre (F,), along the mean direction."""
    number = np.maximum(texture, 0)
    size = np.stack((textures.width[number, 0], textures.height[number, 0]), 1)
    b = (corner_uv[:, 1] - corner_uv[:, 0]) * size
    c = (corner_uv[:, 2] - corner_uv[:, 0]) * size
    texels = np.abs(b[:, 0] * c[:, 1] - b[:, 1] * c[:, 0]) / 2
    return np.sqrt(texels / np.maximum(areas, 1e-12)).astype(np.float32)
