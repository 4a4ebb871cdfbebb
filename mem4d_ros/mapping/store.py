"""A map as a folder: all that finding one's way in it takes, and nothing that is executed.

    NAME.map/map.json                               version, camera, counts, checksum, origin
    NAME.map/arrays-0123456789abcdef.safetensors    poses, landmarks, images, depth

`map.json` names the file of arrays that belongs to it, and takes the place of an older one in a
single step: a map that is written over is at every moment the old one or the new one.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from mem4d_ros.mapping.keyframes import Map
from mem4d_ros.mapping.map_arrays import NotAMap, check_rigid, from_arrays, to_arrays
from mem4d_ros.mapping.pieces import grow
from mem4d_ros.writing import whole_file, write_text

FORMAT, VERSION = "mem4d map", 1
DESCRIPTION = "map.json"
ARRAYS = re.compile(r"arrays-[0-9a-f]{16}\.safetensors")
LARGEST_DESCRIPTION = 100_000
"""Bytes; a map's has less than 2,000."""
CHUNK = 1 << 20
NONSENSE = (NotAMap, SafetensorError, TypeError, ValueError, AttributeError, ArithmeticError)
"""What numbers and texts raise that are not what they should be."""
SAME_CAMERA = 0.01
"""Farthest apart that intrinsics of one camera are: log of focal lengths, centre by long side."""


class MapError(Exception):
    """A map cannot be used or written; the message names it, the reason and the remedy."""


@dataclass(frozen=True)
class MapCamera:
    """The camera that a map was made with: intrinsics (3, 3), and the size of its images."""

    intrinsics: np.ndarray
    width: int
    height: int

    def is_like(self, other: MapCamera) -> bool:
        """Whether images of the other one can be found in the map."""
        focal = np.log(np.diag(self.intrinsics)[:2] / np.diag(other.intrinsics)[:2])
        centre = (self.intrinsics - other.intrinsics)[:2, 2] / max(self.width, self.height)
        apart = np.abs(np.concatenate((focal, centre))).max()
        return (self.width, self.height) == (other.width, other.height) and apart < SAME_CAMERA

    def __str__(self) -> str:
        (focal_x, _, x), (_, focal_y, y) = self.intrinsics[:2]
        return (
            f"{self.width}x{self.height} with focal lengths {focal_x:.1f}, {focal_y:.1f} and"
            f" centre {x:.1f}, {y:.1f}"
        )


@dataclass(frozen=True)
class StoredMap:
    """A map and what must be known to use it.

    Attributes:
        frame_from_world: (4, 4), from the world, which is the first camera's optical frame, to the
            frame in which its user gave poses.
        provenance: how the map was made, in words.
    """

    world: Map
    camera: MapCamera
    frame_from_world: np.ndarray = field(default_factory=lambda: np.eye(4))
    provenance: Mapping[str, str] = field(default_factory=dict)

    def grown(self, scale: float) -> StoredMap:
        """The same, so many times as large about the world's origin."""
        world = self.world.copy()
        grow((world,), scale)
        return replace(self, world=world)


def check_target(folder: Path) -> None:
    """Raises MapError for a folder that `save_map` would not write into."""
    if folder.exists() and not (folder.is_dir() and _is_ours(folder)):
        raise MapError(f"{folder} exists and holds no map: choose another name")


def save_map(folder: Path, stored: StoredMap) -> None:
    """Write a map into a new folder, or over the map that is there; whole or not at all.

    Raises:
        MapError: the folder holds something else, or cannot be written.
    """
    check_target(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        try:
            _write(folder, stored)
        finally:
            _tidy(folder)
    except OSError as error:
        raise MapError(f"{folder} cannot be written: {error.strerror or error}") from error


def load_map(folder: Path) -> StoredMap:
    """Read a map.

    Raises:
        MapError: it is missing, cut off, changed, of a later version, or makes no sense.
    """
    description = _read_description(folder)
    try:
        arrays = load_file(_checked_arrays(folder, description["arrays"]))
        size = description["camera"]
        camera = MapCamera(_matrix(size["intrinsics"], 3), int(size["width"]), int(size["height"]))
        _check_camera(camera)
        world = from_arrays(arrays, camera.height, camera.width)
        if _counts(world) != description["counts"]:
            raise NotAMap(f"it counts {description['counts']}, but has {_counts(world)}")
        frame_from_world = _matrix(description["frame_from_world"], 4)
        check_rigid(frame_from_world, "frame_from_world")
        origin = {str(key): str(value) for key, value in description["provenance"].items()}
    except KeyError as error:
        raise _damaged(folder, f"{DESCRIPTION} has no {error}") from error
    except NONSENSE as error:
        raise _damaged(folder, str(error)) from error
    except OSError as error:
        raise MapError(f"{folder} cannot be read: {error.strerror or error}") from error
    return StoredMap(world, camera, frame_from_world, origin)


def is_map(folder: Path) -> bool:
    """Whether a folder says that it holds a map; whether that is whole, only loading tells."""
    return (folder / DESCRIPTION).is_file()


def _write(folder: Path, stored: StoredMap) -> None:
    arrays = folder / f"arrays-{uuid.uuid4().hex[:16]}.safetensors"
    with whole_file(arrays) as partial:
        save_file(to_arrays(stored.world), partial)
        with partial.open("rb+") as file:  # a robot may be switched off right after
            os.fsync(file.fileno())
    camera = stored.camera
    description = {
        "format": FORMAT,
        "version": VERSION,
        "camera": {
            "width": camera.width,
            "height": camera.height,
            "intrinsics": camera.intrinsics.tolist(),
        },
        "counts": _counts(stored.world),
        "arrays": {
            "file": arrays.name,
            "bytes": arrays.stat().st_size,
            "sha256": _sha256(arrays),
        },
        "frame_from_world": stored.frame_from_world.tolist(),
        "provenance": dict(stored.provenance),
    }
    write_text(folder / DESCRIPTION, json.dumps(description, indent=2) + "\n")


def _tidy(folder: Path) -> None:
    """Remove arrays that the description does not name, and the folder where nothing is left."""
    named = ""
    if is_map(folder):
        named = _read_description(folder)["arrays"]["file"]
    for path in folder.iterdir():
        if ARRAYS.fullmatch(path.name) and path.name != named:
            path.unlink()
    if not any(folder.iterdir()):
        folder.rmdir()


def _is_ours(folder: Path) -> bool:
    """Whether a map may be written there: over one, or where nothing else is."""
    if is_map(folder):
        return _read_json(folder).get("format") == FORMAT
    return all(ARRAYS.fullmatch(path.name) for path in folder.iterdir())


def _read_description(folder: Path) -> dict[str, Any]:
    if not is_map(folder):
        raise MapError(
            f"{folder} holds no map ({DESCRIPTION} is missing): name a folder that was saved as one"
        )
    description = _read_json(folder)
    if description.get("format") != FORMAT:
        raise MapError(
            f"{folder / DESCRIPTION} describes no map: name a folder that was saved as one"
        )
    version = description.get("version")
    if version != VERSION:
        raise MapError(
            f"{folder} is a map of version {version!r}, this program reads {VERSION}: use the"
            " program that wrote it, or map the place anew"
        )
    return description


def _read_json(folder: Path) -> dict[str, Any]:
    path = folder / DESCRIPTION
    try:
        if path.is_symlink() or path.stat().st_size > LARGEST_DESCRIPTION:
            raise _damaged(folder, f"{DESCRIPTION} is no file of a map's")
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise MapError(f"{path} cannot be read: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:
        raise _damaged(folder, f"{DESCRIPTION} is no JSON") from error
    if not isinstance(content, dict):
        raise _damaged(folder, f"{DESCRIPTION} is no table")
    return content


def _checked_arrays(folder: Path, said: Mapping[str, Any]) -> Path:
    """The file of arrays, as long as it should be and with the same checksum."""
    name = said["file"]
    if not isinstance(name, str) or not ARRAYS.fullmatch(name):
        raise NotAMap(f"{name!r} is no name of a file of arrays")
    path = folder / name
    if path.is_symlink() or not path.is_file():
        raise NotAMap(f"{name} is missing" if not path.is_symlink() else f"{name} is a link")
    size = path.stat().st_size
    if size != said["bytes"]:
        raise NotAMap(f"{name} has {size} bytes instead of {said['bytes']}")
    if _sha256(path) != said["sha256"]:
        raise NotAMap(f"the checksum of {name} is wrong")
    return path


def _check_camera(camera: MapCamera) -> None:
    focal = np.diag(camera.intrinsics)[:2]
    if not (np.isfinite(camera.intrinsics).all() and (focal > 0).all()):
        raise NotAMap("its intrinsics are none")
    if (camera.intrinsics[[1, 2, 2], [0, 0, 1]] != 0).any() or camera.intrinsics[2, 2] != 1:
        raise NotAMap("its intrinsics are none")


def _matrix(values: object, size: int) -> np.ndarray:
    matrix = np.array(values, np.float64)
    if matrix.shape != (size, size):
        raise NotAMap(f"a matrix of {size}x{size} numbers has the shape {matrix.shape}")
    return matrix


def _counts(world: Map) -> dict[str, int]:
    seen = sum(len(keyframe.landmarks) for keyframe in world.keyframes.values())
    return {
        "keyframes": len(world.keyframes),
        "landmarks": len(world.landmarks),
        "observations": seen,
    }


def _sha256(path: Path) -> str:
    checksum = hashlib.sha256()
    with path.open("rb") as file:
        while part := file.read(CHUNK):
            checksum.update(part)
    return checksum.hexdigest()


def _damaged(folder: Path, reason: str) -> MapError:
    return MapError(f"{folder} is damaged: {reason}; copy it again, or map the place anew")
