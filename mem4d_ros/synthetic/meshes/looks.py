"""What materials look like in one sequence: colours of plain ones, tints, gloss, glow."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mem4d_ros.synthetic.meshes.mesh import Mesh
from mem4d_ros.synthetic.meshes.textures import Textures

GLOW = 4.0  # radiance of lamps, relative to a white surface in full light


@dataclass(frozen=True)
class Variety:
    """How much a sequence's look differs from the mesh's own.

    Attributes:
        bareness: share of textures that are taken away.
        painted: share of plain materials that get a new colour.
        papered: shares of plain and of textured materials that get another texture.
        tint: standard deviation of the logarithm of colours.
    """

    bareness: float
    painted: float
    papered: tuple[float, float]
    tint: float


THINGS = Variety(bareness=0.03, painted=0.1, papered=(0, 0), tint=0.15)


@dataclass(frozen=True)
class Look:
    """Of each of M materials."""

    colours: np.ndarray  # (M, 3) linear RGB, of materials without texture
    tint: np.ndarray  # (M, 3) by which textures are multiplied
    gloss: np.ndarray  # (M,) share of light that is mirrored at normal incidence
    glow: np.ndarray  # (M,) radiance
    texture: np.ndarray  # (M,) int32, -1 for plain ones
    paper: np.ndarray  # (M,) int32 of the papers, -1 for none; it hides the own texture
    tile: np.ndarray  # (M,) side of a paper's tile in m
    papers: Textures | None  # what surfaces may be papered with


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
        np.full(count, -1, np.int32),
        np.ones(count, np.float32),
        None,
    )


def draw_look(
    mesh: Mesh, variety: Variety, rng: np.random.Generator, papers: Textures | None = None
) -> Look:
    """One sequence's look: other colours, some textures missing or new, some materials glossy."""
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
        _paper_numbers(mesh, texture < 0, variety, papers, rng),
        np.exp(rng.uniform(np.log(0.4), np.log(3.0), count)).astype(np.float32),
        papers,
    )


def _paper_numbers(
    mesh: Mesh,
    plain: np.ndarray,
    variety: Variety,
    papers: Textures | None,
    rng: np.random.Generator,
) -> np.ndarray:
    """A paper for each of M materials, -1 for most; never on lamps, metal or cut-outs."""
    share = np.where(plain, *variety.papered)
    ordinary = np.array([tag not in ("light", "metal") for tag in mesh.tags]) & ~mesh.cut_out
    chosen = (rng.random(len(plain)) < share) & ordinary
    count = 0 if papers is None else len(papers.start)
    numbers = rng.integers(max(count, 1), size=len(plain))
    return np.where(chosen & (count > 0), numbers, -1).astype(np.int32)


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
