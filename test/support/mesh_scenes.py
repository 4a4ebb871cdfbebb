"""Small packed scenes with known geometry: a box room with a table, and boxes as objects."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from mem4d_ros.synthetic.meshes.catalogue import OBJECTS, Place
from mem4d_ros.synthetic.meshes.packed import SUFFIX, Material, PackedMesh, write_mesh

ROOM_LOW, ROOM_HIGH = np.array((-3.0, -2.5, 0.0)), np.array((3.0, 2.5, 2.8))
TABLE_LOW, TABLE_HIGH = np.array((0.4, -0.4, 0.0)), np.array((1.2, 0.4, 0.7))
ROOM = Place("room", (-3.0, -2.5, 0.1), (3.0, 2.5, 2.6))
WHITE = Material((255, 255, 255), "", None, False)

SQUARES = ((0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3))


def box(
    low: np.ndarray, high: np.ndarray, material: Material = WHITE, texture: np.ndarray | None = None
) -> PackedMesh:
    """A closed box of twelve triangles; the texture covers each side once."""
    vertices = np.array([(x, y, z) for x in (0, 1) for y in (0, 1) for z in (0, 1)])
    faces = [f for a, b, c, d in SQUARES for f in ((a, b, c), (a, c, d))]
    face_uv = [(0, 1, 2), (0, 2, 3)] * len(SQUARES)
    return PackedMesh(
        vertices=(low + vertices * (high - low)).astype(np.float32),
        faces=np.array(faces, np.int32),
        uv=np.array(((0, 0), (1, 0), (1, 1), (0, 1)), np.float32),
        face_uv=np.array(face_uv, np.int32),
        face_material=np.zeros(len(faces), np.int16),
        materials=(material,),
        textures=() if texture is None else (image_file(texture),),
    )


def together(*parts: PackedMesh) -> PackedMesh:
    """One mesh of several, of which at most the first may have textures."""
    vertex = np.cumsum([0, *(len(part.vertices) for part in parts)])
    uv = np.cumsum([0, *(len(part.uv) for part in parts)])
    material = np.cumsum([0, *(len(part.materials) for part in parts)])
    return PackedMesh(
        vertices=np.concatenate([part.vertices for part in parts]),
        faces=np.concatenate([part.faces + n for part, n in zip(parts, vertex[:-1], strict=True)]),
        uv=np.concatenate([part.uv for part in parts]),
        face_uv=np.concatenate([part.face_uv + n for part, n in zip(parts, uv[:-1], strict=True)]),
        face_material=np.concatenate(
            [part.face_material + n for part, n in zip(parts, material[:-1], strict=True)]
        ).astype(np.int16),
        materials=tuple(m for part in parts for m in part.materials),
        textures=parts[0].textures,
    )


def image_file(image: np.ndarray) -> np.ndarray:
    """A PNG of (H, W, 3) RGB or (H, W, 4) RGBA, as bytes."""
    order = [2, 1, 0, 3][: image.shape[2]]
    return cv2.imencode(".png", np.ascontiguousarray(image[..., order]))[1].ravel()


def checkers(size: int = 64, squares: int = 8) -> np.ndarray:
    """(size, size, 3) uint8."""
    cell = np.arange(size) * squares // size
    board = (cell[:, None] + cell) % 2
    return np.where(board[..., None], (210, 180, 140), (60, 90, 120)).astype(np.uint8)


def room() -> PackedMesh:
    """A room with checkered walls and a table in it."""
    walls = Material((0, 0, 0), "", 0, False)
    table = Material((160, 60, 40), "", None, False)
    return together(box(ROOM_LOW, ROOM_HIGH, walls, checkers()), box(TABLE_LOW, TABLE_HIGH, table))


def write_scenes(folder: Path) -> Path:
    """A folder as the packing command makes it: the room, a box for each object, a sky."""
    write_mesh(folder / "places" / (ROOM.name + SUFFIX), room())
    thing = box(np.array((-0.15, -0.15, 0.0)), np.array((0.15, 0.15, 0.8)))
    for name in OBJECTS:
        write_mesh(folder / "objects" / (name + SUFFIX), thing)
    for name in ("skies", "papers"):
        (folder / name).mkdir()
    cv2.imwrite(str(folder / "papers" / "checkers.webp"), checkers())
    cv2.imwrite(str(folder / "skies" / "grey.webp"), np.full((32, 64, 3), 128, np.uint8))
    return folder


def box_distance(
    origins: np.ndarray, directions: np.ndarray, low: np.ndarray, high: np.ndarray
) -> np.ndarray:
    """Distances (n,) along rays to the surface of a box, from inside or outside; inf for none."""
    with np.errstate(divide="ignore", invalid="ignore"):
        a, b = (low - origins) / directions, (high - origins) / directions
    enter, leave = np.minimum(a, b).max(1), np.maximum(a, b).min(1)
    distance = np.where(enter > 0, enter, leave)
    return np.where((leave >= enter) & (distance > 0), distance, np.inf)


def room_distance(origins: np.ndarray, directions: np.ndarray) -> np.ndarray:
    """Distances (n,) along rays from inside of the room to its walls or its table."""
    table = box_distance(origins, directions, TABLE_LOW, TABLE_HIGH)
    return np.minimum(table, box_distance(origins, directions, ROOM_LOW, ROOM_HIGH))
