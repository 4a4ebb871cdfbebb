"""Several rigid objects as one mesh whose parts stand at their own poses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mem4d_ros.synthetic.meshes.mesh import Mesh
from mem4d_ros.synthetic.meshes.textures import Textures
from mem4d_ros.synthetic.meshes.tracing import Layer, make_layer


@dataclass(frozen=True)
class Bodies:
    """B objects in one mesh."""

    mesh: Mesh
    vertex_body: np.ndarray  # (N,) int32
    face_body: np.ndarray  # (F,) int32

    def layer(self, poses: np.ndarray) -> Layer:
        """The objects at object-to-world poses (B, 4, 4), which may scale evenly."""
        turned = np.einsum("nij,nj->ni", poses[self.vertex_body, :3, :3], self.mesh.vertices)
        vertices = turned + poses[self.vertex_body, :3, 3]
        scale = np.cbrt(np.linalg.det(poses[:, :3, :3]))
        rotation = (poses[:, :3, :3] / scale[:, None, None]).astype(np.float32)
        return make_layer(self.mesh, vertices, rotation, self.face_body)


def join(meshes: Sequence[Mesh]) -> Bodies:
    """One mesh of all, which must be at least one."""
    vertex_counts = [len(mesh.vertices) for mesh in meshes]
    first_vertex = np.cumsum([0, *vertex_counts[:-1]])
    first_material = np.cumsum([0, *(len(mesh.tags) for mesh in meshes[:-1])])
    first_texture = np.cumsum([0, *(len(mesh.textures.start) for mesh in meshes[:-1])])

    def joined(name: str, offsets: np.ndarray | None = None) -> np.ndarray:
        parts = [getattr(mesh, name) for mesh in meshes]
        if offsets is not None:
            parts = [part + offset for part, offset in zip(parts, offsets, strict=True)]
        return np.concatenate(parts)

    texture = [
        np.where(mesh.texture >= 0, mesh.texture + first, -1)
        for mesh, first in zip(meshes, first_texture, strict=True)
    ]
    mesh = Mesh(
        vertices=joined("vertices"),
        faces=joined("faces", first_vertex).astype(np.int32),
        corner_uv=joined("corner_uv"),
        corner_normals=joined("corner_normals"),
        face_normals=joined("face_normals"),
        texel_density=joined("texel_density"),
        face_material=joined("face_material", first_material).astype(np.int16),
        base_colours=joined("base_colours"),
        texture=np.concatenate(texture).astype(np.int32),
        tags=tuple(tag for mesh in meshes for tag in mesh.tags),
        cut_out=joined("cut_out"),
        textures=_joined_textures([mesh.textures for mesh in meshes]),
    )
    numbers = np.arange(len(meshes), dtype=np.int32)
    faces = [len(mesh.faces) for mesh in meshes]
    return Bodies(mesh, np.repeat(numbers, vertex_counts), np.repeat(numbers, faces))


def _joined_textures(parts: Sequence[Textures]) -> Textures:
    first = np.cumsum([0, *(len(part.texels) for part in parts[:-1])])
    alpha = None
    if any(part.alpha is not None for part in parts):
        alpha = np.concatenate(
            [
                np.full(len(part.texels), 255, np.uint8) if part.alpha is None else part.alpha
                for part in parts
            ]
        )
    return Textures(
        np.concatenate([part.texels for part in parts]),
        alpha,
        np.concatenate(
            [part.start + offset for part, offset in zip(parts, first, strict=True)]
        ).astype(np.int32),
        np.concatenate([part.width for part in parts]),
        np.concatenate([part.height for part in parts]),
    )
