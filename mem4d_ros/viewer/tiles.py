"""A map in cubic tiles, of which only those are sent anew that look different."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from mem4d_ros.viewer.cells import cell_keys

BYTES_PER_POINT = 9
"""Three half floats from the tile's centre on, and three bytes of colour."""
SMALLEST_M = 2.0
MOST_TILES = 200
"""Each is a call to the browser's graphics card."""
MOVED_M = 0.02
"""By which a point must have moved, and"""
RECOLOURED = 24
"""levels by which its colour must differ, to be told again."""

Place = tuple[int, int, int]


@dataclass(frozen=True)
class Tile:
    """Points of one cube: positions (N, 3) float32 in m from its centre (3,), colours (N, 3)."""

    centre: np.ndarray
    positions: np.ndarray
    colours: np.ndarray

    @property
    def size(self) -> int:
        """Bytes that it takes to send it."""
        return BYTES_PER_POINT * len(self.positions)

    def looks_like(self, other: Tile) -> bool:
        """Whether nobody would see the difference."""
        if self.positions.shape != other.positions.shape or (self.centre != other.centre).any():
            return False
        if not len(self.positions):
            return True
        moved = np.abs(self.positions - other.positions).max()
        recoloured = np.abs(self.colours.astype(np.int16) - other.colours).max()
        return bool(moved <= MOVED_M and recoloured <= RECOLOURED)


def cut(positions: np.ndarray, colours: np.ndarray, side_m: float) -> dict[Place, Tile]:
    """Points (N, 3) and their colours (N, 3) uint8 in cubes of `side_m`, kept in order."""
    if not len(positions):
        return {}
    places = np.floor(positions / side_m).astype(np.int64)
    order = np.lexsort(places.T)  # stable
    places, positions, colours = places[order], positions[order], colours[order]
    starts = np.flatnonzero((places[1:] != places[:-1]).any(-1)) + 1
    bounds = np.concatenate(([0], starts, [len(places)]))
    tiles = {}
    for start, end in pairwise(bounds.tolist()):
        centre = (places[start] + 0.5) * side_m
        local = (positions[start:end] - centre).astype(np.float32)
        x, y, z = places[start].tolist()
        tiles[x, y, z] = Tile(centre, local, colours[start:end])
    return tiles


def side_for(positions: np.ndarray, before_m: float = SMALLEST_M) -> float:
    """A side in m, in powers of 2, at which points (N, 3) take at most MOST_TILES tiles."""
    side_m = before_m
    while len(np.unique(cell_keys(positions, side_m))) > MOST_TILES:
        side_m *= 2
    return side_m


class TileStream:
    """Tiles as they are wanted and as they were sent; those that wait longest come first."""

    def __init__(self) -> None:
        self._wanted: dict[Place, Tile] = {}
        self._sent: dict[Place, Tile] = {}
        self._waiting: dict[Place, None] = {}  # in the order in which they came to differ

    def want(self, tiles: dict[Place, Tile]) -> None:
        """Show these, and no others."""
        self._wanted = tiles
        differing = {place for place in tiles.keys() | self._sent.keys() if self._differs(place)}
        waiting = [place for place in self._waiting if place in differing]
        self._waiting = dict.fromkeys((*waiting, *sorted(differing.difference(waiting))))

    def next(self) -> Iterator[tuple[Place, Tile | None]]:
        """What is to be sent, one after the other, and with it is; None: remove the tile."""
        while self._waiting:
            place = next(iter(self._waiting))
            del self._waiting[place]
            tile = self._wanted.get(place)
            if tile is None:
                del self._sent[place]
            else:
                self._sent[place] = tile
            yield place, tile

    def __len__(self) -> int:
        """How many tiles wait to be sent."""
        return len(self._waiting)

    def _differs(self, place: Place) -> bool:
        wanted, sent = self._wanted.get(place), self._sent.get(place)
        return wanted is None or sent is None or not wanted.looks_like(sent)
