"""The map that the camera is looked for in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mem4d_ros.mapping import MapError, StoredMap, load_map
from mem4d_ros.ros.interface.settings import BUILD, EXTEND, LOCALISE, Settings
from mem4d_ros.ros.output.map_files import NotInside, inside
from mem4d_ros.runtime.scale import LEARNED_SOURCES


@dataclass(frozen=True)
class KnownMap:
    """A map as it was loaded, and what is done with it."""

    path: Path
    stored: StoredMap
    mode: str  # extend or localise

    @property
    def extends(self) -> bool:
        """Whether what is seen is added to it."""
        return self.mode == EXTEND

    def __str__(self) -> str:
        world = self.stored.world
        return f"{self.path}, {len(world.keyframes)} keyframes, {len(world.landmarks)} landmarks"


def map_at_start(settings: Settings) -> KnownMap | None:
    """The map of map.load; None where there is to be none. Raises MapError."""
    mode, name = settings.map.mode, settings.map.load
    if (mode == BUILD) != (name == ""):
        raise MapError(
            f"map.mode is {mode!r}, but map.load is {name!r}: name the map to {EXTEND} or to"
            f" {LOCALISE} in, or set {BUILD} and none"
        )
    return read_map(settings, name) if name else None


def read_map(settings: Settings, name: str, mode: str = "") -> KnownMap:
    """The map of that name in map.directory, for a mode; empty: that of the settings.

    Raises MapError.
    """
    mode = mode or (LOCALISE if settings.map.mode == BUILD else settings.map.mode)
    if mode not in (EXTEND, LOCALISE):
        raise MapError(f"{mode!r} is no use of a map: ask for {EXTEND} or {LOCALISE}")
    if settings.scale.source in LEARNED_SOURCES:
        raise MapError(
            f"scale.source {settings.scale.source!r} would change the metres of the map: set model,"
            " or the fixed scale that the map was made with"
        )
    try:
        path = inside(Path(settings.map.directory), name)
    except NotInside as error:
        raise MapError(str(error)) from error
    return KnownMap(path, load_map(path), mode)
