"""Light on surfaces: lamps and sun with soft shadows, one reflection from all around, gloss."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mem4d_ros.synthetic.meshes.lights import Lights
from mem4d_ros.synthetic.meshes.looks import Look
from mem4d_ros.synthetic.meshes.surface import Surface, flat_normals, look_up, mean_albedo
from mem4d_ros.synthetic.meshes.tracing import Layer, blocked, subset, trace

LIFT = 2e-3  # m, by which rays start off a surface
GATHERED = 28  # directions from which reflected light is gathered
GATHER_STRIDE = 5  # px between the places where it is
REFLECTED_MOST = 1.5  # light on surfaces whose reflection is gathered: small suns would be noise
SHININESS = 60.0


@dataclass(frozen=True)
class Stage:
    """What is lit in one frame."""

    layers: Sequence[Layer]
    looks: Sequence[Look]
    lights: Lights


def direct_light(
    stage: Stage, position: np.ndarray, facing: np.ndarray, normal: np.ndarray
) -> np.ndarray:
    """Light (n, 3) from lamps and sun, for a white matt surface."""
    light = np.zeros((len(position), 3), np.float32)
    start = position + facing * np.float32(LIFT)
    for sample in range(len(stage.lights.points)):
        light += _from_sample(stage, sample, start, facing, normal)
    return light


def _from_sample(
    stage: Stage, sample: int, start: np.ndarray, facing: np.ndarray, normal: np.ndarray
) -> np.ndarray:
    lights = stage.lights
    direction, distance = lights.towards(sample, start)
    cosine = np.einsum("ni,ni->n", normal, direction)
    above = np.einsum("ni,ni->n", facing, direction) > 0
    strength = np.maximum(cosine, 0) * above * lights.strength(sample, direction, distance)
    reached = np.flatnonzero(strength > 1e-4)
    rays = np.ascontiguousarray(direction[reached], np.float32)
    shadowed = blocked(stage.layers, start[reached], rays, distance[reached])
    strength[reached[shadowed]] = 0
    return strength[:, None].astype(np.float32) * lights.colours[sample]


def gathered_light(
    stage: Stage, position: np.ndarray, normal: np.ndarray, turn: np.ndarray
) -> np.ndarray:
    """Light (n, 3) that surfaces and sky send to these places, after one reflection.

    `turn` (n,) in rad turns the directions that are asked, so that neighbours ask others.
    """
    count = len(position)
    spread = hemisphere(GATHERED)
    tangent, other = _tangents(normal)
    cosine, sine = np.cos(turn)[:, None], np.sin(turn)[:, None]
    tangent, other = cosine * tangent + sine * other, cosine * other - sine * tangent
    directions = (
        spread[:, 0, None, None] * tangent
        + spread[:, 1, None, None] * other
        + spread[:, 2, None, None] * normal
    )  # (GATHERED, n, 3)
    directions = np.ascontiguousarray(directions.reshape(-1, 3), np.float32)
    origins = np.tile(position + normal * np.float32(LIFT), (GATHERED, 1))
    hits = trace(stage.layers, origins, directions)
    light = np.empty_like(directions)
    missed = np.flatnonzero(~hits.found)
    light[missed] = stage.lights.soft_sky_radiance(directions[missed])
    found = np.flatnonzero(hits.found)
    if len(found):
        hits = subset(hits, found)
        origins, directions = origins[found], directions[found]
        normals = flat_normals(stage.layers, hits, directions)
        places = origins + directions * hits.distance[:, None]
        simple = Stage(stage.layers, stage.looks, stage.lights.whole())
        lit = direct_light(simple, places, normals, normals) + stage.lights.glimmer
        light[found] = np.minimum(lit, REFLECTED_MOST) * mean_albedo(
            stage.layers, stage.looks, hits
        )
    return light.reshape(GATHERED, count, 3).mean(0)


def mirrored(
    stage: Stage, surface: Surface, directions: np.ndarray, pixel: float
) -> tuple[np.ndarray, np.ndarray]:
    """Radiance (n, 3) from the mirrored direction, and Fresnel's share (n,) of it."""
    unit = directions / np.linalg.norm(directions, axis=1, keepdims=True)
    cosine = np.clip(-np.einsum("ni,ni->n", unit, surface.normal), 0, 1)
    share = surface.gloss * (0.25 + 0.75 * (1 - cosine) ** 4)
    bounced = unit + 2 * cosine[:, None] * surface.normal
    bounced = np.ascontiguousarray(bounced, np.float32)
    start = surface.position + surface.facing * np.float32(LIFT)
    hits = trace(stage.layers, start, bounced)
    light = np.empty_like(bounced)
    missed, found = np.flatnonzero(~hits.found), np.flatnonzero(hits.found)
    light[missed] = stage.lights.sky_radiance(bounced[missed])
    if len(found):
        seen = look_up(
            stage.layers,
            stage.looks,
            subset(hits, found),
            start[found],
            bounced[found],
            8 * pixel,
        )
        simple = Stage(stage.layers, stage.looks, stage.lights.whole())
        lit = direct_light(simple, seen.position, seen.facing, seen.normal)
        lit += stage.lights.glimmer
        light[found] = seen.albedo * lit + seen.glow[:, None]
    return light, share.astype(np.float32)


def highlights(stage: Stage, surface: Surface, directions: np.ndarray) -> np.ndarray:
    """Blurred mirror images (n, 3) of lamps and sun, without shadows."""
    unit = directions / np.linalg.norm(directions, axis=1, keepdims=True)
    light = np.zeros((len(unit), 3), np.float32)
    for sample in range(len(stage.lights.points)):
        towards, distance = stage.lights.towards(sample, surface.position)
        half = towards - unit
        half /= np.linalg.norm(half, axis=1, keepdims=True) + 1e-9
        peak = np.clip(np.einsum("ni,ni->n", half, surface.normal), 0, 1) ** SHININESS
        peak *= stage.lights.strength(sample, towards, distance)
        light += peak[:, None] * stage.lights.colours[sample]
    return light


def upsampled(coarse: np.ndarray, depth: np.ndarray, normal: np.ndarray, stride: int) -> np.ndarray:
    """Light (h, w, 3) known at every stride-th pixel, at all (H, W), not mixed across edges.

    depth (H, W) and normal (H, W, 3) tell where the edges are.
    """
    height, width = depth.shape
    total = np.zeros((height, width, 3), np.float32)
    weights = np.full((height, width, 1), 1e-6, np.float32)
    inverse = 1 / np.clip(depth, 1e-3, 1e4)
    coarse_inverse, coarse_normal = inverse[::stride, ::stride], normal[::stride, ::stride]
    rows, columns = np.arange(height) / stride, np.arange(width) / stride
    h, w = coarse.shape[:2]
    for dy in (0, 1):
        y = np.minimum(np.floor(rows).astype(int) + dy, h - 1)
        wy = 1 - np.abs(rows - np.floor(rows) - dy)
        for dx in (0, 1):
            x = np.minimum(np.floor(columns).astype(int) + dx, w - 1)
            wx = 1 - np.abs(columns - np.floor(columns) - dx)
            at = np.ix_(y, x)
            alike = np.einsum("hwi,hwi->hw", normal, coarse_normal[at])
            gap = np.abs(coarse_inverse[at] / inverse - 1)
            weight = (wy[:, None] * wx + 0.01) * np.clip(alike, 0.02, 1) ** 4
            weight = (weight / (1 + (gap / 0.04) ** 2)).astype(np.float32)[..., None]
            total += weight * coarse[at]
            weights += weight
    return total / weights


def turns(height: int, width: int) -> np.ndarray:
    """Angles (height, width) in rad: the nine of 3 × 3 neighbours are evenly spread."""
    number = 3 * (np.arange(height)[:, None] % 3) + np.arange(width) % 3
    return (number * np.float32(2.399963)).astype(np.float32)


def smoothed(coarse: np.ndarray, position: np.ndarray, normal: np.ndarray) -> np.ndarray:
    """Gathered light (h, w, 3), the mean over those of 3 × 3 neighbours in the same plane.

    position, normal: (h, w, 3); the normal is zero where there is nothing.
    """
    height, width = coarse.shape[:2]
    total, weights = np.zeros_like(coarse), np.full((height, width, 1), 1e-6, np.float32)
    padded = [np.pad(v, ((1, 1), (1, 1), (0, 0)), "edge") for v in (coarse, position, normal)]
    scale = 0.03 * np.linalg.norm(position - position.mean((0, 1)), axis=-1).mean() + 0.01
    for dy in range(3):
        for dx in range(3):
            light, place, other = (v[dy : dy + height, dx : dx + width] for v in padded)
            apart = np.einsum("hwi,hwi->hw", place - position, normal) / scale
            alike = np.clip(np.einsum("hwi,hwi->hw", other, normal), 0, 1) ** 4
            weight = (alike / (1 + apart * apart))[..., None]
            total += weight * light
            weights += weight
    return total / weights


def hemisphere(count: int) -> np.ndarray:
    """Directions (count, 3) about z, as dense as their cosine."""
    turn = np.arange(count) * 2.399963
    radius = np.sqrt((np.arange(count) + 0.5) / count)
    z = np.sqrt(1 - radius * radius)
    return np.stack((radius * np.cos(turn), radius * np.sin(turn), z), 1).astype(np.float32)


def _tangents(normal: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Two unit vectors (n, 3) across each normal (Duff et al., JCGT 2017)."""
    x, y, z = normal.T
    sign = np.where(z >= 0, np.float32(1), np.float32(-1))
    a = -1 / (sign + z)
    b = x * y * a
    tangent = np.stack((1 + sign * x * x * a, sign * b, -sign * x), 1)
    return tangent, np.stack((b, sign + y * y * a, -y), 1)
