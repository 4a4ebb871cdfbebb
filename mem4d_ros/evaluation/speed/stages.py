"""Time of a step by parts of the network."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager


class StageClock:
    """Seconds of `now` spent in each stage; time in a nested stage counts for that stage only.

    `synchronise` waits for what a device still has to do.
    """

    def __init__(
        self, now: Callable[[], float], synchronise: Callable[[], None] = lambda: None
    ) -> None:
        self.seconds: dict[str, float] = {}
        self._now = now
        self._synchronise = synchronise
        self._running: list[str] = []
        self._since = 0.0

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Count what passes inside for `name`."""
        self._charge()
        self._running.append(name)
        yield
        self._charge()
        self._running.pop()

    def _charge(self) -> None:
        """Give the time since the last change to the innermost stage."""
        self._synchronise()
        now = self._now()
        if self._running:
            name = self._running[-1]
            self.seconds[name] = self.seconds.get(name, 0.0) + now - self._since
        self._since = now
