"""The static map on its way to the browsers, in tiles of which only changed ones are sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

import numpy as np

from mem4d_ros.mapping import Worker
from mem4d_ros.viewer.look import Look
from mem4d_ros.viewer.scene import MapCloud
from mem4d_ros.viewer.tile_maker import NO_TILES, Choice, MadeTiles, TileMaker
from mem4d_ros.viewer.tiles import Place, Tile, TileStream

SAMPLE = 20_000


class StaticLayer:
    """Has tiles made by a worker, one map at a time, so that nothing waits for a large one.

    While a map is in work only the newest of those that come is kept. Used by one thread.
    """

    def __init__(
        self, most_points: int, clock: Callable[[], float], worker: Worker[MadeTiles]
    ) -> None:
        self._new_maker = partial(TileMaker, most_points, clock)
        self._worker = worker
        self._stream = TileStream()
        self._choice = Choice()
        self.restart()

    def restart(self) -> None:
        """Forget the world, and what is in work."""
        self._worker.reset()
        self._maker = self._new_maker()
        self._newer: MapCloud | None = None
        self._choice = self._asked = replace(self._choice, until=np.inf)
        self.made = NO_TILES
        self.sample = np.empty((0, 3))
        """Some points (N, 3) of the newest map."""
        self._stream.want({})

    @property
    def is_settled(self) -> bool:
        """Whether all is sent."""
        is_made = self._newer is None and self._asked == self._choice and not self._worker.is_busy
        return is_made and not len(self._stream)

    def put(self, cloud: MapCloud) -> None:
        """A newer map."""
        self._newer = cloud
        positions = cloud.points.positions
        self.sample = positions[:: -(-len(positions) // SAMPLE) or 1]

    def show_until(self, time: float) -> None:
        """Show what was first seen by then."""
        self._choice = replace(self._choice, until=time)

    def follow(self, look: Look) -> None:
        """Draw it like this."""
        self._choice = replace(
            self._choice, colour_by=look.colour_by, min_confidence=look.min_confidence
        )

    def go_on(self) -> bool:
        """Have what is new made into tiles; whether some were finished, and may be sent."""
        if not self._worker.is_busy and (self._newer or self._asked != self._choice):
            self._worker.submit(partial(self._maker.make, self._newer, self._choice))
            self._newer, self._asked = None, self._choice
        made = self._worker.collect()
        if made is None:
            return False
        self.made = made
        self._stream.want(made.tiles)
        return True

    def changes(self) -> Iterator[tuple[Place, Tile | None]]:
        """Tiles to be sent, in turn; None: one that is gone."""
        return self._stream.next()
