"""What is known of one frame: its place in its parent, over time or for ever."""

from __future__ import annotations

from bisect import bisect_left

from tf2_ros.exceptions import ExtrapolationException
from tf2_ros.rigid import Rigid


class StaticPlace:
    """A place that holds at any time."""

    newest_stamp: int | None = None

    def __init__(self, parent: str, place: Rigid) -> None:
        self.parent = parent
        self._place = place

    def at(self, stamp: int) -> Rigid:
        return self._place


class History:
    """Places at the stamps (ns) of the last `cache_time` (ns), interpolated between them."""

    def __init__(self, parent: str, cache_time: int) -> None:
        self.parent = parent
        self._cache_time = cache_time
        self._stamps: list[int] = []
        self._places: list[Rigid] = []

    @property
    def newest_stamp(self) -> int:
        return self._stamps[-1]

    def insert(self, stamp: int, place: Rigid) -> bool:
        """Store `place`; False if it is older than what is kept, or its stamp is taken."""
        if self._stamps and stamp < self.newest_stamp - self._cache_time:
            return False
        index = bisect_left(self._stamps, stamp)
        if index < len(self._stamps) and self._stamps[index] == stamp:
            return False
        self._stamps.insert(index, stamp)
        self._places.insert(index, place)
        self._forget()
        return True

    def at(self, stamp: int) -> Rigid:
        """Return the place at `stamp`; raise ExtrapolationException outside of what is stored."""
        index = bisect_left(self._stamps, stamp)
        if index < len(self._stamps) and self._stamps[index] == stamp:
            return self._places[index]
        if index in (0, len(self._stamps)):
            raise ExtrapolationException(
                f"Lookup would require extrapolation: requested time {stamp} ns, stored are "
                f"{self._stamps[0]} to {self._stamps[-1]} ns"
            )
        before, after = self._stamps[index - 1], self._stamps[index]
        fraction = (stamp - before) / (after - before)
        return self._places[index - 1].towards(self._places[index], fraction)

    def _forget(self) -> None:
        oldest = bisect_left(self._stamps, self.newest_stamp - self._cache_time)
        del self._stamps[:oldest], self._places[:oldest]
