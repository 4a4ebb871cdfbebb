"""The static map: thinned, coloured and cut into tiles."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mem4d_ros.viewer.colours import IMAGE, Spans, colours_of
from mem4d_ros.viewer.detail import Detail
from mem4d_ros.viewer.first_seen import FirstSeen
from mem4d_ros.viewer.scene import MapCloud
from mem4d_ros.viewer.spacing import CLOSING, spacing
from mem4d_ros.viewer.tiles import SMALLEST_M, Place, Tile, cut, side_for


@dataclass(frozen=True)
class Choice:
    """Which points of the map are to be seen, and how.

    Attributes:
        until: what was first seen by then.
    """

    colour_by: str = IMAGE
    min_confidence: float = 1.0
    until: float = np.inf


@dataclass(frozen=True)
class MadeTiles:
    """A map as it is to be seen.

    Attributes:
        spans: of its colours.
        points_m: size in m at which its points close up.
    """

    tiles: dict[Place, Tile]
    spans: Spans
    points_m: float


NO_TILES = MadeTiles({}, Spans(), points_m=0.03)


class TileMaker:
    """Takes in the maps of one world as they come. Used by one thread at a time."""

    def __init__(self, most_points: int, clock: Callable[[], float]) -> None:
        self._detail = Detail(most_points)
        self._clock = clock
        self._first_seen = FirstSeen()
        self._map: MapCloud | None = None
        self._side_m = SMALLEST_M
        self._spans, self._points_m = NO_TILES.spans, NO_TILES.points_m

    def make(self, newer: MapCloud | None, choice: Choice) -> MadeTiles:
        """Tiles of a newer map, or of the one before."""
        if newer is not None:
            self._take_in(newer)
        if self._map is None:
            return NO_TILES
        points, times = self._map.points, self._map.times
        assert times is not None
        colours = colours_of(points, times, choice.colour_by, self._spans)
        seen = (points.confidences >= choice.min_confidence) & (times <= choice.until)
        tiles = cut(points.positions[seen], colours[seen], self._side_m)
        return MadeTiles(tiles, self._spans, self._points_m)

    def _take_in(self, cloud: MapCloud) -> None:
        cloud = self._detail.thinned(cloud)
        positions = cloud.points.positions
        if cloud.times is None:
            self._first_seen.forget_all_but(positions)
            self._first_seen.see(positions, self._clock())
            times = self._first_seen.times(positions)
        else:
            times = cloud.times
        self._side_m = side_for(positions, self._side_m)
        self._map = MapCloud(cloud.points, times)
        self._spans = Spans.of(cloud.points, times)
        self._points_m = self._size(positions)

    def _size(self, positions: np.ndarray) -> float:
        """The points' size, which changes only with a spacing that has clearly changed."""
        wanted = CLOSING * spacing(positions)
        is_like = 0.8 < wanted / self._points_m < 1.25
        return self._points_m if is_like or wanted <= 0 else wanted
