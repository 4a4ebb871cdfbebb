"""Points of the map as files inside one folder."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from mem4d_ros.ros.interface.settings import Settings
from mem4d_ros.runtime import ColouredPoints
from mem4d_ros.runtime.export import write_pcd, write_ply
from mem4d_ros.writing import whole_file

SUFFIXES = (".ply", ".pcd")


class MapNotSaved(Exception):  # noqa: N818
    """Nothing was written; the message says why and what to do."""


class PointSource(Protocol):
    """Source of points in the map frame."""

    def points(self, settings: Settings) -> ColouredPoints | None:
        """A snapshot, from any thread; None before there is anything."""
        ...


def map_file(directory: Path, name: str, overwrite: bool) -> Path:
    """The file of that name in the folder. Raises MapNotSaved for any other place.

    Links are followed, so that none leads out of the folder.
    """
    directory = directory.expanduser().resolve()
    try:
        path = (directory / name).resolve()
        exists = path.exists()
    except (OSError, ValueError, RuntimeError) as error:  # too long, null characters, circular
        raise MapNotSaved(f"{name!r} is no path: {error}") from error
    if not path.is_relative_to(directory) or path == directory:
        raise MapNotSaved(
            f"{name!r} is not inside {directory}: name a file relative to that folder, which is"
            " the node's parameter map.directory"
        )
    if path.suffix.lower() not in SUFFIXES:
        raise MapNotSaved(f"{name!r} has no known format: end it in {' or '.join(SUFFIXES)}")
    if exists and not overwrite:
        raise MapNotSaved(f"{path} exists: choose another name, or set overwrite")
    return path


def save_points(path: Path, source: PointSource, settings: Settings) -> int:
    """Write all points, in the format of the file's suffix; their number.

    The file appears when it is complete. Raises MapNotSaved.
    """
    points = source.points(settings)
    if points is None or not len(points.positions):
        raise MapNotSaved("the map has no points yet")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(path, points, f"the frame {settings.frames.map!a}, z up")
    except OSError as error:
        raise MapNotSaved(f"{path} cannot be written: {error.strerror}") from error
    return len(points.positions)


def _write(path: Path, points: ColouredPoints, frame: str) -> None:
    with whole_file(path) as partial:
        if path.suffix.lower() == ".ply":
            write_ply(partial, points, frame)
        else:
            write_pcd(partial, points)
