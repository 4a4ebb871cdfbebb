"""What materials look like in one sequence: colours of plain ones, tints, gloss, glow."""

from dataclasses import dataclass

import numpy as np

from mem4d_ros.synthetic.meshes.mesh import Mesh

GLOW = 4.0  # radiance of lamps, relative to a white surface in full light


@dataclass(frozen=True)
class Variety:
    """How much a sequence's look differs from the mesh's own.

    Attributes:
        bareness: share of textures that are taken away.
        painted: share of plain materials that get a new colour.
        tint: standard deviation of the logarithm of colours.
    """

    bareness: float
    painted: float
    tint: float


THINGS = Variety(bareness=0.03, painted=0.1, tint=0.15)


@dataclass(frozen=True)
class Look:
    """Of each of M materials."""

    colours: np.ndarray  # (M, 3) linear RGB, of materials without texture
    tint: np.ndarray  # (M, 3) by which textures are multiplied
    gloss: np.ndarray  # (M,) share of light that is mirrored at normal incidence
    glow: np.ndarray  # (M,) radiance
    texture: np.ndarray  # (M,) int32, -1 for plain ones


def plain_look(mesh: Mesh) -> Look:
    """Each material as the mesh says, matt."""
    count = len(mesh.tags)
    glow = np.array([GLOW if tag == "light" else 0.0 for tag in mesh.tags], np.float32)
    return Look(
        mesh.base_colours,
        np.ones((count, 3), np.float32),
        np.zeros(count, np.float32),
        glow,
        mesh.texture,
    )


def draw_look(mesh: Mesh, variety: Variety, rng: np.random.Generator) -> Look:
    """One sequence's look: other colours, some textures missing, some materials glossy."""
    count = len(mesh.tags)
    bare = (rng.random(count) < variety.bareness) & ~mesh.cut_out
    texture = np.where(bare, -1, mesh.texture)
    new = (texture < 0) & (rng.random(count) < variety.painted)
    colours = np.where(new[:, None], _paints(count, rng), mesh.base_colours)
    gloss = np.where(rng.random(count) < 0.3, rng.uniform(0.02, 0.3, count), 0.0)
    metal = np.array([tag == "metal" for tag in mesh.tags])
    gloss = np.where(metal, rng.uniform(0.3, 0.7), gloss)
    return Look(
        colours.astype(np.float32),
        _tints(count, variety.tint, rng),
        gloss.astype(np.float32),
        plain_look(mesh).glow,
        texture,
    )


def _paints(count: int, rng: np.random.Generator) -> np.ndarray:
    """Wall paints, linear (count, 3): mostly white and grey, some pastel, some strong colours."""
    kind = rng.random(count)[:, None]
    level = rng.uniform(0.5, 0.85, (count, 1))
    white = level + rng.normal(0, 0.015, (count, 3))
    grey = rng.uniform(0.08, 0.5, (count, 1)) + rng.normal(0, 0.01, (count, 3))
    pastel = level * rng.uniform(0.65, 1.0, (count, 3))
    strong = rng.uniform(0.02, 0.7, (count, 3))
    paint = np.where(kind < 0.5, white, np.where(kind < 0.65, grey, pastel))
    return np.clip(np.where(kind < 0.88, paint, strong), 0.02, 0.9)


def _tints(count: int, spread: float, rng: np.random.Generator) -> np.ndarray:
    brightness = rng.normal(0, 0.15, (count, 1))
    return np.exp(brightness + rng.normal(0, spread, (count, 3))).astype(np.float32)
