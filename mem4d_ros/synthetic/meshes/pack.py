"""Pack textured meshes small: `python -m mem4d_ros.synthetic.meshes.pack <meshes> <out>`."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from mem4d_ros.synthetic.meshes.catalogue import FRONT, HELD_OUT, OBJECTS, PLACES
from mem4d_ros.synthetic.meshes.packed import SUFFIX, Material, PackedMesh, write_mesh

TEXTURE_SIZE = 512  # px, of the longer side
WEBP_QUALITY = 82
MOST_TRIANGLES = 300_000
CELLS_MM = (1, 2, 3, 4, 6, 8, 10, 12, 16)  # vertices of one cell become one
CEILING_RGB = (235, 235, 232)
GROUND_RGB = (120, 118, 105)
GROUND_BELOW = 0.02  # m under the lowest point of a building
GROUND_MARGIN = 60.0  # m around it
PAPER_TILES = 2.0  # a texture that repeats more often than this tiles without seams
ROOFED_SKIES = ("bridge", "esplanade")
SKY_SIZE = (1024, 512)


def main() -> None:
    """Pack every place, object and sky, and say what each takes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("meshes", type=Path, help="folder of scenes in their simple form")
    parser.add_argument("out", type=Path, help="folder for the packed files")
    arguments = parser.parse_args()
    for line in pack(arguments.meshes, arguments.out):
        print(line, flush=True)
    total = sum(file.stat().st_size for file in arguments.out.rglob("*") if file.is_file())
    print(f"{total / 2**20:.1f} MiB in all")


def pack(meshes: Path, out: Path) -> Iterator[str]:
    """Pack the catalogue's meshes of one folder to another, a line for each."""
    for place in PLACES:
        if place.hills is not None:  # made from its seed, by no file
            continue
        mesh = load_source(meshes / place.name)
        if place.name not in HELD_OUT:
            for number in _papers(mesh):
                paper = out / "papers" / f"{place.name}_{number:02}.webp"
                _write_image(paper, mesh.textures[number])
        if place.ceiling is not None:
            mesh = _with_plane(mesh, place.ceiling, 0.0, CEILING_RGB)
        if not place.outdoor:  # ground before the windows, and under gaps in the floor
            ground = float(mesh.vertices[:, 2].min()) - GROUND_BELOW
            mesh = _with_plane(mesh, ground, GROUND_MARGIN, GROUND_RGB)
        yield _write(out / "places" / (place.name + SUFFIX), mesh)
    for name in OBJECTS:
        (folder,) = meshes.glob(f"*/{name}")
        mesh = _turned(load_source(folder), FRONT.get(name, 0))
        yield _write(out / "objects" / (name + SUFFIX), mesh)
    for file in sorted((meshes / "sky_hdri").glob("*.jpg")):
        if file.stem not in ROOFED_SKIES:
            sky = cv2.resize(_read_image(file), SKY_SIZE, interpolation=cv2.INTER_AREA)
            _write_image(out / "skies" / f"{file.stem}.webp", _webp(sky))
            yield f"sky {file.stem}"


def _write(path: Path, mesh: PackedMesh) -> str:
    write_mesh(path, mesh)
    size = path.stat().st_size / 2**10
    counts = f"{len(mesh.faces)} triangles, {len(mesh.textures)} textures"
    return f"{path.stem}: {counts}, {size:.0f} KiB"


def load_source(folder: Path) -> PackedMesh:
    """A mesh of the simple form (scene.npz, materials.json, textures/), made small."""
    description = json.loads((folder / "materials.json").read_text())
    with np.load(folder / "scene.npz") as file:
        names = ("V", "F", "UV", "FT", "M")
        vertices, faces, uv, face_uv, material = (file[name] for name in names)
    if description["up"] == "y":
        vertices = vertices[:, [0, 2, 1]] * np.array((1, -1, 1), np.float32)
    if folder.name.startswith("skin_man"):
        vertices = _arms_lowered(vertices)
    materials, textures = _materials(folder, description["materials"])
    tags = np.array([entry["tag"] for entry in description["materials"]])
    kept = tags[material] != "glass"
    faces, face_uv, material = faces[kept], face_uv[kept], material[kept]
    vertices, faces, kept = _simplified(vertices, faces)
    face_uv, material = face_uv[kept], material[kept]
    textured = np.array([entry.texture is not None for entry in materials])
    face_uv = np.where(textured[material][:, None], face_uv, 0)
    if len(uv) == 0:
        uv = np.zeros((1, 2), np.float32)
    return PackedMesh(vertices, faces, uv, face_uv, material, materials, textures)


def _write_image(path: Path, file: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(file.tobytes())


def _papers(mesh: PackedMesh) -> list[int]:
    """Numbers of textures that can cover any surface: opaque ones that the mesh itself tiles."""
    numbers: set[int] = set()
    for index, material in enumerate(mesh.materials):
        uv = mesh.uv[mesh.face_uv[mesh.face_material == index]].reshape(-1, 2)
        if material.texture is None or material.cut_out or len(uv) == 0:
            continue
        if (np.ptp(uv, axis=0) > PAPER_TILES).all():
            numbers.add(material.texture)
    return sorted(numbers)


def _turned(mesh: PackedMesh, degrees: float) -> PackedMesh:
    cosine, sine = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    turn = np.array(((cosine, sine, 0), (-sine, cosine, 0), (0, 0, 1)), np.float32)
    return replace(mesh, vertices=mesh.vertices @ turn)


def _with_plane(
    mesh: PackedMesh, height: float, margin: float, rgb: tuple[int, int, int]
) -> PackedMesh:
    """The mesh with a level rectangle that is wider than itself by a margin in m."""
    low, high = mesh.vertices.min(0) - margin, mesh.vertices.max(0) + margin
    corners = [(x, y, height) for x in (low[0], high[0]) for y in (low[1], high[1])]
    first = len(mesh.vertices)
    faces = first + np.array(((0, 1, 3), (0, 3, 2)), np.int32)
    number = np.full(2, len(mesh.materials), np.int16)
    return replace(
        mesh,
        vertices=np.concatenate((mesh.vertices, np.array(corners, np.float32))),
        faces=np.concatenate((mesh.faces, faces)),
        face_uv=np.concatenate((mesh.face_uv, np.zeros((2, 3), mesh.face_uv.dtype))),
        face_material=np.concatenate((mesh.face_material, number)),
        materials=(*mesh.materials, Material(rgb, "", None, False)),
    )


def _arms_lowered(vertices: np.ndarray) -> np.ndarray:
    """A man in T pose (arms along x) with hanging arms."""
    x, z = vertices[:, 0], vertices[:, 2]
    height = np.median(z[np.abs(x) > 0.5])
    shoulder = 0.19
    share = np.clip((np.abs(x) - shoulder + 0.03) / 0.12, 0, 1)
    angle = np.radians(78) * share * share * (3 - 2 * share)
    side, up = np.abs(x) - shoulder, z - height
    lowered = vertices.copy()
    lowered[:, 0] = np.sign(x) * (shoulder + np.cos(angle) * side + np.sin(angle) * up)
    lowered[:, 2] = height - np.sin(angle) * side + np.cos(angle) * up
    return np.where((np.abs(x) > shoulder - 0.03)[:, None], lowered, vertices)


def _materials(
    folder: Path, entries: list[dict]
) -> tuple[tuple[Material, ...], tuple[np.ndarray, ...]]:
    """Materials, and the distinct textures that they name, as image files."""
    numbers: dict[str, int] = {}
    textures: list[np.ndarray] = []
    cut_outs: list[bool] = []
    materials = []
    for entry in entries:
        name = entry["texture"]
        if name is not None and name not in numbers:
            image = _read_image(folder / "textures" / name)
            image = _small(image)
            has_holes = image.shape[2] == 4 and bool((image[..., 3] < 128).mean() > 0.002)
            numbers[name] = len(textures)
            textures.append(_webp(image if has_holes else image[..., :3]))
            cut_outs.append(has_holes)
        number = None if name is None else numbers[name]
        red, green, blue = (int(value) for value in entry["rgb"])
        holes = number is not None and cut_outs[number]
        materials.append(Material((red, green, blue), entry["tag"], number, holes))
    return tuple(materials), tuple(textures)


def _read_image(path: Path) -> np.ndarray:
    image = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if image is None:
        raise ValueError(f"{path} is not an image")
    return cv2.cvtColor(image, cv2.COLOR_GRAY2BGR) if image.ndim == 2 else image


def _small(image: np.ndarray) -> np.ndarray:
    scale = TEXTURE_SIZE / max(image.shape[:2])
    if scale >= 1:
        return image
    size = [max(4, round(side * scale)) for side in image.shape[1::-1]]
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA)


def _webp(image: np.ndarray) -> np.ndarray:
    _, file = cv2.imencode(".webp", image, (cv2.IMWRITE_WEBP_QUALITY, WEBP_QUALITY))
    return file.ravel()


def _simplified(
    vertices: np.ndarray, faces: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Vertices, triangles and which of the old triangles those are.

    Vertices of one cubic cell become one at their mean. The smallest cells do that leave few
    enough triangles: details of that size are under a pixel in most views.
    """
    for cell in CELLS_MM:
        keys = np.floor(vertices / (cell / 1000)).astype(np.int64)
        keys -= keys.min(0)
        spans = keys.max(0) + 1
        flat = (keys[:, 0] * spans[1] + keys[:, 1]) * spans[2] + keys[:, 2]
        _, inverse = np.unique(flat, return_inverse=True)
        inverse = inverse.ravel()
        new = inverse[faces]
        kept = np.flatnonzero(
            (new[:, 0] != new[:, 1]) & (new[:, 1] != new[:, 2]) & (new[:, 2] != new[:, 0])
        )
        _, distinct = np.unique(np.sort(new[kept], 1), axis=0, return_index=True)
        kept = kept[np.sort(distinct)]
        if len(kept) <= MOST_TRIANGLES:
            break
    counts = np.bincount(inverse)
    means = np.stack([np.bincount(inverse, vertices[:, axis]) / counts for axis in range(3)], 1)
    return means.astype(np.float32), new[kept].astype(np.int32), kept


if __name__ == "__main__":
    main()
