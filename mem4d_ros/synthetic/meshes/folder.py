"""What a folder of packed scenes holds: places, objects, skies and papers, kept once read."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

from mem4d_ros.synthetic.meshes.catalogue import Place
from mem4d_ros.synthetic.meshes.mesh import Mesh, load_mesh, prepare
from mem4d_ros.synthetic.meshes.packed import SUFFIX, CorruptMesh
from mem4d_ros.synthetic.meshes.terrain import terrain
from mem4d_ros.synthetic.meshes.textures import Textures, load_textures
from mem4d_ros.synthetic.meshes.tracing import Layer, make_layer


@lru_cache(64)
def place_layer(scenes_folder: Path, place: Place) -> Layer:
    """The mesh of a place, ready to be traced; kept for the process."""
    if place.hills is not None:
        return make_layer(prepare(terrain(*place.hills)))
    return make_layer(load_mesh(scenes_folder / "places" / (place.name + SUFFIX)))


def load_object(scenes_folder: Path, name: str) -> Mesh:
    """The mesh of an object of the folder."""
    return load_mesh(scenes_folder / "objects" / (name + SUFFIX))


@lru_cache(1)
def load_papers(scenes_folder: Path) -> Textures:
    """Textures that can cover any surface."""
    files = _images(scenes_folder / "papers")
    try:
        return load_textures(tuple(np.fromfile(file, np.uint8) for file in files))
    except ValueError as error:
        raise CorruptMesh(f"{scenes_folder / 'papers'}: {error}") from error


def draw_sky(scenes_folder: Path, rng: np.random.Generator) -> np.ndarray:
    """A linear panorama (H, W, 3)."""
    files = _images(scenes_folder / "skies")
    return _read_sky(files[rng.integers(len(files))])


def _images(folder: Path) -> list[Path]:
    files = sorted(folder.glob("*.webp"))
    if not files:
        raise CorruptMesh(f"{folder} holds no images")
    return files


@lru_cache(32)
def _read_sky(file: Path) -> np.ndarray:
    image = cv2.imread(str(file), cv2.IMREAD_COLOR)
    if image is None:
        raise CorruptMesh(f"{file} is not an image")
    return (image[..., ::-1].astype(np.float32) / 255) ** 2
