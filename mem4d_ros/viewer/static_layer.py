"""The static map: thinned, coloured and cut into tiles, of which the changed ones are sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from mem4d_ros.viewer.colours import Spans, colours_of
from mem4d_ros.viewer.detail import Detail
from mem4d_ros.viewer.first_seen import FirstSeen
from mem4d_ros.viewer.look import Look
from mem4d_ros.viewer.scene import MapCloud
from mem4d_ros.viewer.spacing import CLOSING, spacing
from mem4d_ros.viewer.tiles import SMALLEST_M, Place, Tile, TileStream, cut, side_for


class StaticLayer:
    """Holds the newest map. Nothing is computed that is not looked at."""

    def __init__(self, most_points: int, clock: Callable[[], float]) -> None:
        self._detail = Detail(most_points)
        self._clock = clock
        self._stream = TileStream()
        self.restart()

    def restart(self) -> None:
        """Forget the world."""
        self._first_seen = FirstSeen()
        self._map: MapCloud | None = None
        self._side_m = SMALLEST_M
        self._until = np.inf
        self.spans = Spans()  # of the map's colours
        self.points_m = 0.03  # size at which they close up
        self._stream.want({})

    @property
    def waiting(self) -> int:
        """Tiles that are yet to be sent."""
        return len(self._stream)

    @property
    def positions(self) -> np.ndarray:
        """(N, 3) of the points that may be shown."""
        return np.empty((0, 3)) if self._map is None else self._map.points.positions

    def put(self, cloud: MapCloud) -> None:
        """A newer map."""
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
        self.spans = Spans.of(cloud.points, times)
        self.points_m = self._points_m(positions)

    def _points_m(self, positions: np.ndarray) -> float:
        """The size, which changes only with a spacing that has clearly changed."""
        wanted = CLOSING * spacing(positions)
        is_like = 0.8 < wanted / self.points_m < 1.25
        return self.points_m if is_like or wanted <= 0 else wanted

    def show_until(self, time: float) -> None:
        """Show what was first seen by then."""
        self._until = time

    def draw(self, look: Look) -> None:
        """Decide what is to be seen."""
        if self._map is None:
            return
        points, times = self._map.points, self._map.times
        assert times is not None
        colours = colours_of(points, times, look.colour_by, self.spans)
        drawn = (points.confidences >= look.min_confidence) & (times <= self._until)
        self._stream.want(cut(points.positions[drawn], colours[drawn], self._side_m))

    def changes(self) -> Iterator[tuple[Place, Tile | None]]:
        """Tiles to be sent, in turn; None: one that is gone."""
        return self._stream.next()
