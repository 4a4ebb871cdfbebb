"""What rays hit: place, normals, colour, gloss."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mem4d_ros.synthetic.meshes.looks import Look
from mem4d_ros.synthetic.meshes.mesh import Mesh
from mem4d_ros.synthetic.meshes.tracing import Hits, Layer, corner_mix

SHARPNESS = 0.25  # levels by which textures are sharper than their footprint asks for


@dataclass(frozen=True)
class Surface:
    """Of n hits."""

    position: np.ndarray  # (n, 3) m, world
    facing: np.ndarray  # (n, 3) the flat normal, towards the viewer
    normal: np.ndarray  # (n, 3) the smooth normal, towards the viewer
    albedo: np.ndarray  # (n, 3) linear RGB
    gloss: np.ndarray  # (n,)
    glow: np.ndarray  # (n,)
    material: np.ndarray  # (n,) int32, unlike among layers


def look_up(
    layers: Sequence[Layer],
    looks: Sequence[Look],
    hits: Hits,
    origins: np.ndarray,
    directions: np.ndarray,
    pixel: float,
) -> Surface:
    """The surface at hits, all of which found something; `pixel` is the angle of one in rad."""
    count = len(hits.layer)
    position = origins + directions * hits.distance[:, None]
    facing, normal, albedo = (np.empty((count, 3), np.float32) for _ in range(3))
    gloss, glow = np.empty(count, np.float32), np.empty(count, np.float32)
    material = np.empty(count, np.int32)
    offset = 0
    for index, (layer, look) in enumerate(zip(layers, looks, strict=True)):
        chosen = np.flatnonzero(hits.layer == index)
        if len(chosen):
            face, u, v = hits.face[chosen], hits.u[chosen], hits.v[chosen]
            flat, smooth = _normals(layer, face, u, v)
            away = np.einsum("ni,ni->n", flat, directions[chosen]) > 0
            flat[away] *= -1
            smooth[away] *= -1
            facing[chosen], normal[chosen] = flat, smooth
            kind = layer.mesh.face_material[face].astype(np.int32)
            along = directions[chosen]
            length = np.sqrt(np.einsum("ni,ni->n", along, along))
            cosine = -np.einsum("ni,ni->n", flat, along) / length
            footprint = pixel * hits.distance[chosen] * length / np.sqrt(np.maximum(cosine, 0.02))
            albedo[chosen] = _colours(layer, look, face, u, v, kind, footprint)
            _paper_over(albedo, look, position, facing, chosen, kind, footprint)
            gloss[chosen], glow[chosen] = look.gloss[kind], look.glow[kind]
            material[chosen] = kind + offset
        offset += len(layer.mesh.tags)
    return Surface(position.astype(np.float32), facing, normal, albedo, gloss, glow, material)


def mean_albedo(layers: Sequence[Layer], looks: Sequence[Look], hits: Hits) -> np.ndarray:
    """Linear RGB (n, 3) of the materials that were hit, textures by their means; 0 for nothing."""
    result = np.zeros((len(hits.layer), 3), np.float32)
    for index, (layer, look) in enumerate(zip(layers, looks, strict=True)):
        chosen = np.flatnonzero(hits.layer == index)
        kind = layer.mesh.face_material[hits.face[chosen]]
        result[chosen] = _means(layer.mesh, look)[kind] + look.glow[kind, None]
    return result


def _means(mesh: Mesh, look: Look) -> np.ndarray:
    """Mean linear RGB (M, 3) of materials."""
    means = np.where((look.texture < 0)[:, None], look.colours, look.tint * mesh.base_colours)
    if look.papers is not None:
        papers = look.tint * look.papers.mean_colours()[np.maximum(look.paper, 0)]
        means = np.where((look.paper >= 0)[:, None], papers, means)
    return means.astype(np.float32)


def flat_normals(layers: Sequence[Layer], hits: Hits, directions: np.ndarray) -> np.ndarray:
    """Flat normals (n, 3) towards the viewer; upwards for nothing."""
    result = np.tile(np.array((0, 0, 1), np.float32), (len(hits.layer), 1))
    for index, layer in enumerate(layers):
        chosen = np.flatnonzero(hits.layer == index)
        face = hits.face[chosen]
        flat = _turned(layer, face, layer.mesh.face_normals[face])
        away = np.einsum("ni,ni->n", flat, directions[chosen]) > 0
        result[chosen] = np.where(away[:, None], -flat, flat)
    return result


def _paper_over(
    albedo: np.ndarray,
    look: Look,
    position: np.ndarray,
    facing: np.ndarray,
    chosen: np.ndarray,
    material: np.ndarray,
    footprint: np.ndarray,
) -> None:
    """Colour those of the chosen hits (k,) whose material (k,) is papered, by place and side."""
    papered = np.flatnonzero(look.paper[material] >= 0)
    if look.papers is None or len(papered) == 0:
        return
    rows, material = chosen[papered], material[papered]
    side = np.abs(facing[rows]).argmax(1)
    across = np.where(side == 0, 1, 0)
    upwards = np.where(side == 2, 1, 2)
    place = position[rows]
    index = np.arange(len(rows))
    tile = look.tile[material]
    uv = np.stack((place[index, across], place[index, upwards]), 1) / tile[:, None]
    size = look.papers.width[look.paper[material], 0]
    level = np.log2(np.maximum(footprint[papered] * size / tile, 1e-6)) - SHARPNESS
    colours = look.papers.colours(look.paper[material], uv.astype(np.float32), level)
    albedo[rows] = np.minimum(colours * look.tint[material], 0.95)


def _normals(
    layer: Layer, face: np.ndarray, u: np.ndarray, v: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    mesh = layer.mesh
    flat = _turned(layer, face, mesh.face_normals[face])
    smooth = corner_mix(mesh.corner_normals[face], u, v)
    smooth /= np.sqrt(np.einsum("ni,ni->n", smooth, smooth))[:, None] + np.float32(1e-9)
    return flat, _turned(layer, face, smooth)


def _turned(layer: Layer, face: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """Vectors (n, 3) of a mesh's own frame in the world's."""
    if layer.rotation is None or layer.body is None:
        return vectors.copy()
    return np.einsum("nij,nj->ni", layer.rotation[layer.body[face]], vectors)


def _colours(
    layer: Layer,
    look: Look,
    face: np.ndarray,
    u: np.ndarray,
    v: np.ndarray,
    material: np.ndarray,
    footprint: np.ndarray,
) -> np.ndarray:
    mesh = layer.mesh
    result = look.colours[material].astype(np.float32)
    number = np.where(look.paper < 0, look.texture, -1)[material]
    textured = np.flatnonzero(number >= 0)
    if len(textured):
        face, u, v = face[textured], u[textured], v[textured]
        uv = corner_mix(mesh.corner_uv[face], u, v)
        texels = mesh.texel_density[face] * footprint[textured]
        level = np.log2(np.maximum(texels, 1e-6)) - SHARPNESS
        colours = mesh.textures.colours(number[textured], uv, level)
        result[textured] = colours * look.tint[material[textured]]
    return np.minimum(result, 0.95)
