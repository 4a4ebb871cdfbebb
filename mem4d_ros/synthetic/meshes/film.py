"""One frame of a stage: radiance with smoothed edges, exact depth at the pixel centres."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mem4d_ros.geometry import pixel_rays
from mem4d_ros.synthetic.meshes.lights import Lights
from mem4d_ros.synthetic.meshes.shading import (
    GATHER_STRIDE,
    Stage,
    direct_light,
    gathered_light,
    highlights,
    mirrored,
    smoothed,
    turns,
    upsampled,
)
from mem4d_ros.synthetic.meshes.surface import Surface, look_up
from mem4d_ros.synthetic.meshes.tracing import Hits, Layer, subset, trace

FARTHEST = 200.0  # m; what is farther is as far as the sky
CORNERS = ((-0.25, -0.12), (0.12, -0.25), (0.25, 0.12), (-0.12, 0.25))  # px, of edge pixels
SMOOTHINGS = 2  # of gathered light
BRIGHTEST = 4.0  # radiance of one ray of an edge pixel: no lamp outshines the others
SLIGHT_GLOSS = 0.015  # duller surfaces mirror nothing


@dataclass(frozen=True)
class Frame:
    """What one camera sees. H × W pixels."""

    radiance: np.ndarray  # (H, W, 3) float32 linear
    depth: np.ndarray  # (H, W) float32 m along z, inf where there is nothing within FARTHEST
    layer: np.ndarray  # (H, W) int8, -1 for the sky
    face: np.ndarray  # (H, W) int32 of the layer's triangles


@dataclass(frozen=True)
class Lit:
    """The surface that m of the pixels see, and the light on it."""

    pixels: np.ndarray  # (m,) numbers of the pixels, row by row
    surface: Surface
    light: np.ndarray  # (m, 3) on a white matt surface
    extra: np.ndarray  # (m, 3) radiance of mirrored light

    def radiance(self) -> np.ndarray:
        return self.surface.albedo * self.light + self.extra + self.surface.glow[:, None]


@dataclass(frozen=True)
class View:
    """A camera."""

    camera_to_world: np.ndarray  # (4, 4), OpenCV axes
    intrinsics: np.ndarray  # (3, 3) in px, pixel centres at integers
    size: tuple[int, int]  # height, width

    @property
    def pixel(self) -> float:
        """The angle of a pixel in rad."""
        return float(1 / self.intrinsics[0, 0])

    def rays(self) -> np.ndarray:
        """(H * W, 3) through the pixel centres in the optical frame, z = 1."""
        return pixel_rays(self.intrinsics.astype(np.float64), *self.size).reshape(-1, 3)

    def world_rays(self, rays: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Origins and directions (n, 3) in the world of rays (n, 3) in the optical frame."""
        directions = np.ascontiguousarray(rays @ self.camera_to_world[:3, :3].T, np.float32)
        origins = np.empty_like(directions)
        origins[:] = self.camera_to_world[:3, 3]
        return origins, directions


def take(stage: Stage, view: View) -> Frame:
    """Render the stage for one camera."""
    origins, directions = view.world_rays(view.rays())
    hits = trace(stage.layers, origins, directions)
    found = np.flatnonzero(hits.found)
    radiance = _sky(stage.lights, directions, hits)
    depth = hits.distance.reshape(view.size)
    if len(found):
        lit = _light_up(stage, view, subset(hits, found), found, origins, directions)
        radiance[found] = lit.radiance()
        edges = _edges(lit, depth)
        if len(edges):
            radiance[edges] = _refined(stage, view, lit, edges)
    return Frame(
        radiance.reshape(*view.size, 3),
        np.where(depth < FARTHEST, depth, np.float32(np.inf)),
        hits.layer.reshape(view.size),
        hits.face.reshape(view.size),
    )


def depth_only(layers: Sequence[Layer], view: View) -> np.ndarray:
    """Depth (H, W) in m along z, inf for nothing."""
    origins, directions = view.world_rays(view.rays())
    return trace(layers, origins, directions).distance.reshape(view.size)


def _sky(lights: Lights, directions: np.ndarray, hits: Hits) -> np.ndarray:
    """Radiance (n, 3) of the sky along rays that hit nothing, 0 along the others."""
    radiance = np.zeros_like(directions)
    missed = np.flatnonzero(~hits.found)
    unit = directions[missed]
    unit = unit / np.linalg.norm(unit, axis=1, keepdims=True)
    radiance[missed] = lights.sky_radiance(unit)
    return radiance


def _light_up(
    stage: Stage,
    view: View,
    hits: Hits,
    pixels: np.ndarray,
    origins: np.ndarray,
    directions: np.ndarray,
) -> Lit:
    """The surface that pixels (m,) see, which hits are of, and its light."""
    origins, directions = origins[pixels], directions[pixels]
    surface = look_up(stage.layers, stage.looks, hits, origins, directions, view.pixel)
    light = direct_light(stage, surface.position, surface.facing, surface.normal)
    light += _spread_light(stage, view, surface, hits.distance, pixels)
    return Lit(pixels, surface, light, _shine(stage, surface, directions, view.pixel))


def _spread_light(
    stage: Stage, view: View, surface: Surface, depth: np.ndarray, pixels: np.ndarray
) -> np.ndarray:
    """Light (m, 3) from all around, gathered at some pixels and spread between."""
    normal, position = np.zeros((2, *view.size, 3), np.float32)
    distance = np.full(view.size, np.float32(np.inf))
    normal.reshape(-1, 3)[pixels] = surface.normal
    position.reshape(-1, 3)[pixels] = surface.position
    distance.reshape(-1)[pixels] = depth
    some = (slice(None, None, GATHER_STRIDE),) * 2
    places, normals = position[some], normal[some]
    known = np.isfinite(distance[some])
    coarse = np.zeros_like(places)
    if known.any():
        turn = turns(*known.shape)[known]
        coarse[known] = gathered_light(stage, places[known], normals[known], turn)
    for _ in range(SMOOTHINGS):
        coarse = smoothed(coarse, places, normals)
    return upsampled(coarse, distance, normal, GATHER_STRIDE).reshape(-1, 3)[pixels]


def _shine(stage: Stage, surface: Surface, directions: np.ndarray, pixel: float) -> np.ndarray:
    """Mirrored light (n, 3) on glossy surfaces, 0 on the others."""
    extra = np.zeros_like(surface.albedo)
    glossy = np.flatnonzero(surface.gloss > SLIGHT_GLOSS)
    if len(glossy):
        some = Surface(*(value[glossy] for value in vars(surface).values()))
        light, share = mirrored(stage, some, directions[glossy], pixel)
        light += 0.5 * highlights(stage, some, directions[glossy])
        extra[glossy] = np.minimum(share[:, None] * light, 2.0)
    return extra


def _edges(lit: Lit, depth: np.ndarray) -> np.ndarray:
    """Pixels (k,) beside which depth, orientation or material changes; depth is (H, W)."""
    material = np.full(depth.shape, -1, np.int32)
    normal = np.zeros((*depth.shape, 3), np.float32)
    material.reshape(-1)[lit.pixels] = lit.surface.material
    normal.reshape(-1, 3)[lit.pixels] = lit.surface.facing
    edge = np.zeros(depth.shape, bool)
    inverse = 1 / np.clip(depth, 1e-3, 1e6)
    for axis in (0, 1):
        near, far = (_shifted(value, axis) for value in (slice(None, -1), slice(1, None)))
        farther = np.minimum(inverse[near], inverse[far])
        jump = farther < 0.87 * np.maximum(inverse[near], inverse[far])
        turn = np.einsum("hwi,hwi->hw", normal[near], normal[far]) < 0.8
        change = jump | turn | (material[near] != material[far])
        edge[near] |= change
        edge[far] |= change
    return np.flatnonzero(edge)


def _shifted(part: slice, axis: int) -> tuple[slice, slice]:
    return (part, slice(None)) if axis == 0 else (slice(None), part)


def _refined(stage: Stage, view: View, lit: Lit, edges: np.ndarray) -> np.ndarray:
    """Radiance (k, 3) of edge pixels: the mean of four rays, lit as the likest pixel beside is."""
    corners = np.array(CORNERS) / np.diagonal(view.intrinsics)[:2]
    shifts = np.concatenate((corners, np.zeros((len(corners), 1))), 1)
    fine = (view.rays()[edges][:, None] + shifts).reshape(-1, 3)
    origins, directions = view.world_rays(fine)
    hits = trace(stage.layers, origins, directions)
    radiance = _sky(stage.lights, directions, hits)
    hit = np.flatnonzero(hits.found)
    if len(hit):
        hits = subset(hits, hit)
        seen = look_up(stage.layers, stage.looks, hits, origins[hit], directions[hit], view.pixel)
        likest = _likest(seen, np.repeat(edges, len(corners))[hit], lit, view.size)
        again = Lit(hit, seen, lit.light[likest], lit.extra[likest])
        radiance[hit] = again.radiance()
    return np.minimum(radiance, BRIGHTEST).reshape(len(edges), len(corners), 3).mean(1)


def _likest(seen: Surface, pixel: np.ndarray, lit: Lit, size: tuple[int, int]) -> np.ndarray:
    """For each ray of a pixel the entry of `lit`, in 3 × 3 pixels, that is most like its own."""
    height, width = size
    surface = lit.surface
    number = np.full(height * width, -1, np.int64)
    number[lit.pixels] = np.arange(len(lit.pixels))
    row, column = pixel // width, pixel % width
    best = np.full(len(pixel), np.inf, np.float32)
    result = np.zeros(len(pixel), np.int64)
    for dy in (-1, 0, 1):
        for dx in (-1, 0, 1):
            y, x = np.clip(row + dy, 0, height - 1), np.clip(column + dx, 0, width - 1)
            other = number[y * width + x]
            offset = surface.position[other] - seen.position
            apart = np.einsum("ni,ni->n", offset, offset)
            alike = np.einsum("ni,ni->n", surface.normal[other], seen.normal)
            cost = apart * (1 + 10 * (1 - alike)) + 0.02 * (1 - alike)
            cost = np.where(other >= 0, cost, np.float32(1e30))
            better = cost < best
            best[better], result[better] = cost[better], other[better]
    return result
