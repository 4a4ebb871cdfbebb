"""The small files that textured meshes travel in: quantised, sorted, LZMA over arrays."""

from __future__ import annotations

import io
import json
import lzma
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

SUFFIX = ".mesh"
MILLIMETRE = 0.001  # unit of stored vertices, in m
TEXEL_UNIT = 1 / 2048  # unit of stored texture coordinates


class CorruptMesh(ValueError):  # noqa: N818
    """A file does not hold a packed mesh; the message names file and reason."""


@dataclass(frozen=True)
class Material:
    """What a triangle is made of: a texture of the mesh (its number) or one colour."""

    rgb: tuple[int, int, int]  # 0 to 255, used where there is no texture
    tag: str  # "light", "metal", "mask" or empty
    texture: int | None
    cut_out: bool  # the texture has holes


@dataclass(frozen=True)
class PackedMesh:
    """A mesh in metres, z up, as it is stored. N vertices, F triangles, K texture coordinates."""

    vertices: np.ndarray  # (N, 3) float32
    faces: np.ndarray  # (F, 3) int32
    uv: np.ndarray  # (K, 2) float32, v upwards, both wrap
    face_uv: np.ndarray  # (F, 3) int32; 0 where the material has no texture
    face_material: np.ndarray  # (F,) int16
    materials: tuple[Material, ...]
    textures: tuple[np.ndarray, ...]  # each an image file (bytes as uint8)


def write_mesh(path: Path, mesh: PackedMesh) -> None:
    """Write a mesh; vertices are rounded to a millimetre, texture coordinates to 1/2048."""
    faces, vertices = _by_first_use(mesh.faces, np.round(mesh.vertices / MILLIMETRE))
    face_uv, uv = _by_first_use(mesh.face_uv, np.round(mesh.uv / TEXEL_UNIT))
    arrays = {
        "vertices": _differences(vertices),
        "faces": _triangle_differences(faces),
        "uv": _differences(uv),
        "face_uv": _triangle_differences(face_uv),
        "face_material": _differences(mesh.face_material[:, None]),
        "materials": _text(json.dumps([asdict(material) for material in mesh.materials])),
        **{f"texture{i}": texture for i, texture in enumerate(mesh.textures)},
    }
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)  # type: ignore[arg-type] # its own options are the others
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(lzma.compress(buffer.getvalue(), preset=6))


def read_mesh(path: Path) -> PackedMesh:
    """Read what `write_mesh` wrote.

    Raises:
        CorruptMesh: the file is missing, truncated or something else.
    """
    try:
        with np.load(io.BytesIO(lzma.decompress(path.read_bytes())), allow_pickle=False) as file:
            return _unpack(file)
    except FileNotFoundError as error:
        raise CorruptMesh(
            f"{path} is missing: make it with `python -m mem4d_ros.synthetic.meshes.pack`"
        ) from error
    except (lzma.LZMAError, ValueError, KeyError, EOFError, OSError) as error:
        raise CorruptMesh(f"{path} is not a whole packed mesh: {error}") from error


def _unpack(file: Any) -> PackedMesh:
    materials = tuple(
        Material(tuple(entry["rgb"]), entry["tag"], entry["texture"], entry["cut_out"])
        for entry in json.loads(file["materials"].tobytes().decode())
    )
    textures = sum(name.startswith("texture") for name in file.files)
    mesh = PackedMesh(
        vertices=np.float32(MILLIMETRE) * _sums(file["vertices"], 3),
        faces=_triangle_sums(file["faces"]),
        uv=np.float32(TEXEL_UNIT) * _sums(file["uv"], 2),
        face_uv=_triangle_sums(file["face_uv"]),
        face_material=_sums(file["face_material"], 1)[:, 0].astype(np.int16),
        materials=materials,
        textures=tuple(file[f"texture{i}"] for i in range(textures)),
    )
    for indices, count in (
        (mesh.faces, len(mesh.vertices)),
        (mesh.face_uv, len(mesh.uv)),
        (mesh.face_material, len(materials)),
    ):
        if len(indices) != len(mesh.faces) or indices.min() < 0 or indices.max() >= count:
            raise ValueError("a triangle names something that is not there")
    return mesh


def _by_first_use(faces: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The same triangles over the values that they use, in the order in which they come."""
    _, first, inverse = np.unique(faces.ravel(), return_index=True, return_inverse=True)
    order = np.argsort(first)
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    used = faces.ravel()[first[order]]
    return rank[inverse.ravel()].reshape(-1, 3), values[used].astype(np.int64)


def _triangle_differences(faces: np.ndarray) -> np.ndarray:
    corners = np.stack((faces[:, 0], faces[:, 1] - faces[:, 0], faces[:, 2] - faces[:, 0]), 1)
    corners[1:, 0] -= faces[:-1, 0]
    return _byte_planes(corners)


def _triangle_sums(planes: np.ndarray) -> np.ndarray:
    corners = _integers(planes, 3)
    first = np.cumsum(corners[:, :1], 0, dtype=np.int32)
    return np.ascontiguousarray(np.concatenate((first, first + corners[:, 1:]), 1), np.int32)


def _differences(values: np.ndarray) -> np.ndarray:
    return _byte_planes(np.diff(values.astype(np.int64), axis=0, prepend=0))


def _sums(planes: np.ndarray, columns: int) -> np.ndarray:
    return np.cumsum(_integers(planes, columns), 0, dtype=np.int32)


def _byte_planes(values: np.ndarray) -> np.ndarray:
    """Signed (n, k) as bytes (4, k * n): small numbers of either sign have leading zeros."""
    folded = np.where(values < 0, -2 * values - 1, 2 * values).astype("<u4")
    return np.ascontiguousarray(folded.T).view(np.uint8).reshape(-1, 4).T.copy()


def _integers(planes: np.ndarray, columns: int) -> np.ndarray:
    folded = np.ascontiguousarray(planes.T).view("<u4").reshape(columns, -1).T
    return np.where(folded & 1, -(folded >> 1).astype(np.int32) - 1, (folded >> 1).astype(np.int32))


def _text(text: str) -> np.ndarray:
    return np.frombuffer(text.encode(), np.uint8)
