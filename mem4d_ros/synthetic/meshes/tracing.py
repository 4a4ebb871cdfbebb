"""Rays against layers of meshes, by Embree: what is hit first, and what lies in the way."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from mem4d_ros.extras import missing
from mem4d_ros.synthetic.meshes.mesh import Mesh

HOLES = 12  # a ray passes at most this many holes of cut-out textures
_ONE_TRIANGLE = np.array(((0, 1, 2),), np.int32)
STEP = 1e-4  # m; a ray that passed a hole starts so far behind it


@dataclass(frozen=True)
class Layer:
    """A mesh at rest in the world, with the ray engine's tree of it.

    Attributes:
        vertices: (N, 3) float32, of this moment: a moving mesh gets a new layer in each frame.
    """

    mesh: Mesh
    vertices: np.ndarray
    tree: object
    rotation: np.ndarray | None = None  # (B, 3, 3) by which bodies turned, None for none
    body: np.ndarray | None = None  # (F,) int32: the body that each triangle belongs to


@dataclass(frozen=True)
class Hits:
    """What n rays hit first."""

    distance: np.ndarray  # (n,) float32, in lengths of the direction; inf for nothing
    layer: np.ndarray  # (n,) int8, -1 for nothing
    face: np.ndarray  # (n,) int32
    u: np.ndarray  # (n,) float32, weight of the second corner
    v: np.ndarray  # (n,) float32, weight of the third

    @property
    def found(self) -> np.ndarray:
        return self.layer >= 0


def make_layer(
    mesh: Mesh,
    vertices: np.ndarray | None = None,
    rotation: np.ndarray | None = None,
    body: np.ndarray | None = None,
) -> Layer:
    """A layer of a mesh with vertices at other places than its own if given."""
    vertices = mesh.vertices if vertices is None else np.ascontiguousarray(vertices, np.float32)
    return Layer(mesh, vertices, _tree(vertices, mesh.faces), rotation, body)


def trace(layers: Sequence[Layer], origins: np.ndarray, directions: np.ndarray) -> Hits:
    """The first hits of rays from origins (n, 3) along directions (n, 3), float32."""
    hits = _first(layers, origins, directions)
    for index, layer in enumerate(layers):
        if layer.mesh.cut_out.any():
            hits = _through_holes(layers, index, origins, directions, hits)
    return hits


def blocked(
    layers: Sequence[Layer], origins: np.ndarray, directions: np.ndarray, reach: np.ndarray
) -> np.ndarray:
    """Whether anything lies within `reach` (n,) lengths of the direction; (n,) bool."""
    result = np.zeros(len(origins), bool)
    for layer in layers:
        free = np.flatnonzero(~result)
        found = layer.tree.run(  # type: ignore[attr-defined]
            origins[free], directions[free], dists=reach[free], query="OCCLUDED"
        )
        stopped = free[found >= 0]
        if layer.mesh.cut_out.any():
            hits = trace((layer,), origins[stopped], directions[stopped])
            stopped = stopped[hits.distance < reach[stopped]]
        result[stopped] = True
    return result


def subset(hits: Hits, chosen: np.ndarray) -> Hits:
    """The hits of some rays, by their numbers."""
    return Hits(*(field[chosen] for field in _fields(hits)))


def _first(layers: Sequence[Layer], origins: np.ndarray, directions: np.ndarray) -> Hits:
    best: Hits | None = None
    for index, layer in enumerate(layers):
        found = layer.tree.run(origins, directions, output=1)  # type: ignore[attr-defined]
        face = found["primID"]
        hit = face >= 0
        distance = np.where(hit, found["tfar"], np.float32(np.inf))
        number = np.where(hit, np.int8(index), np.int8(-1))
        new = Hits(distance, number, face, found["u"], found["v"])
        best = new if best is None else _nearer(best, new)
    if best is None:
        raise ValueError("there is no layer to trace")
    return best


def _nearer(one: Hits, other: Hits) -> Hits:
    closer = other.distance < one.distance
    pairs = zip(_fields(one), _fields(other), strict=True)
    return Hits(*(np.where(closer, b, a) for a, b in pairs))


def _through_holes(
    layers: Sequence[Layer],
    index: int,
    origins: np.ndarray,
    directions: np.ndarray,
    hits: Hits,
) -> Hits:
    """Let rays that hit a hole of a layer's textures go on behind it."""
    fields = [field.copy() for field in _fields(hits)]
    waiting = np.flatnonzero(hits.layer == index)
    travelled = np.zeros(len(origins), np.float32)
    for _ in range(HOLES):
        mesh = layers[index].mesh
        face, u, v = fields[2][waiting], fields[3][waiting], fields[4][waiting]
        material = mesh.face_material[face]
        waiting = waiting[_in_hole(mesh, face, material, u, v)]
        if len(waiting) == 0:
            break
        travelled[waiting] = fields[0][waiting] + STEP
        start = origins[waiting] + directions[waiting] * travelled[waiting, None]
        again = _first(layers, start.astype(np.float32), directions[waiting])
        for field, value in zip(fields, _fields(again), strict=True):
            field[waiting] = value
        fields[0][waiting] += travelled[waiting]
        waiting = waiting[again.layer == index]
    return Hits(*fields)


def _in_hole(
    mesh: Mesh, face: np.ndarray, material: np.ndarray, u: np.ndarray, v: np.ndarray
) -> np.ndarray:
    result = mesh.cut_out[material]
    chosen = np.flatnonzero(result)
    uv = corner_mix(mesh.corner_uv[face[chosen]], u[chosen], v[chosen])
    result[chosen] = mesh.textures.opacity(mesh.texture[material[chosen]], uv) < 0.5
    return result


def corner_mix(corners: np.ndarray, u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Values (n, k) between those of three corners (n, 3, k)."""
    first = corners[:, 0]
    return first + (corners[:, 1] - first) * u[:, None] + (corners[:, 2] - first) * v[:, None]


def _fields(hits: Hits) -> tuple[np.ndarray, ...]:
    return hits.distance, hits.layer, hits.face, hits.u, hits.v


def _tree(vertices: np.ndarray, faces: np.ndarray) -> object:
    scene_class, mesh_class = _engine()
    return _built(scene_class, mesh_class, vertices, faces)


def _built(
    scene_class: Callable[[], Any],
    mesh_class: Callable[..., Any],
    vertices: np.ndarray,
    faces: np.ndarray,
) -> object:
    tree = scene_class()
    mesh_class(tree, vertices, faces)
    return tree


@lru_cache(1)
def _engine() -> tuple[Callable[[], Any], Callable[..., Any]]:
    """Embree's classes, set up to use one core: sequences are made by many processes.

    Raises:
        ModuleNotFoundError: it is not installed; the message says how to.
    """
    try:
        from embreex.mesh_construction import TriangleMesh
        from embreex.rtcore_scene import EmbreeScene
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(missing("embreex", "rendering meshes"), name="embreex") from error
    with _on_one_core():
        tree = _built(EmbreeScene, TriangleMesh, np.eye(3, dtype=np.float32), _ONE_TRIANGLE)
        tree.run(*np.ones((2, 1, 3), np.float32))  # type: ignore[attr-defined] # builds it
    return EmbreeScene, TriangleMesh


@contextmanager
def _on_one_core() -> Iterator[None]:
    """Keep this process on one core meanwhile: Embree counts cores once, when it is first used."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)
