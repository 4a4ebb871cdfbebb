"""Maps, and their points, as files inside one folder."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from mem4d_ros.ros.interface.settings import Settings
from mem4d_ros.runtime import ColouredPoints
from mem4d_ros.runtime.export import write_pcd, write_ply
from mem4d_ros.writing import whole_file

SUFFIXES = (".ply", ".pcd")
FOLDER_SUFFIXES = (".map", "")


class MapNotSaved(Exception):  # noqa: N818
    """Nothing was written; the message says why and what to do."""


class PointSource(Protocol):
    """Source of points in the map frame."""

    def points(self, settings: Settings) -> ColouredPoints | None:
        """A snapshot, from any thread; None before there is anything."""
        ...


class NotInside(ValueError):  # noqa: N818
    """A name leads out of the folder of maps, or nowhere; the message says what to do."""


def inside(directory: Path, name: str) -> Path:
    """What has that name in the folder. Raises NotInside for any other place.

    Links are followed, so that none leads out of the folder.
    """
    directory = directory.expanduser().resolve()
    try:
        path = (directory / name).resolve()
        path.exists()
    except (OSError, ValueError, RuntimeError) as error:  # too long, null characters, circular
        raise NotInside(f"{name!r} is no path: {error}") from error
    if not path.is_relative_to(directory) or path == directory:
        raise NotInside(
            f"{name!r} is not inside {directory}: give a name relative to that folder, which is"
            " the node's parameter map.directory"
        )
    return path


def is_of_points(name: str) -> bool:
    """Whether a name is that of a file of points; the others are of maps."""
    return Path(name).suffix.lower() in SUFFIXES


def map_file(directory: Path, name: str, overwrite: bool) -> Path:
    """The file or folder of that name, to write to. Raises MapNotSaved."""
    try:
        path = inside(directory, name)
    except NotInside as error:
        raise MapNotSaved(str(error)) from error
    if path.suffix.lower() not in (*SUFFIXES, *FOLDER_SUFFIXES):
        raise MapNotSaved(
            f"{name!r} has no known format: end it in {' or '.join(SUFFIXES)} for points, or in"
            " .map for the whole map"
        )
    if path.exists() and not overwrite:
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
