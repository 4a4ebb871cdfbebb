"""When a bundle adjustment is computed: at once, or beside the frames that go on coming."""

from __future__ import annotations

import os
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol

from mem4d_ros.mapping.bundle import BundleSolution, solve
from mem4d_ros.mapping.window import Window

NICENESS = 10


class Adjuster(Protocol):
    """Solves one window at a time."""

    def submit(self, window: Window) -> None:
        """Solve a window; it is left out while another one is in work."""
        ...

    def collect(self) -> tuple[Window, BundleSolution] | None:
        """What has been solved since the last call."""
        ...

    def reset(self) -> None:
        """Forget what is in work."""
        ...


class AtOnce:
    """Solves when asked: the same frames always become the same map."""

    def __init__(self) -> None:
        self._solved: tuple[Window, BundleSolution] | None = None

    def submit(self, window: Window) -> None:
        self._solved = (window, solve(window.problem))

    def collect(self) -> tuple[Window, BundleSolution] | None:
        solved, self._solved = self._solved, None
        return solved

    def reset(self) -> None:
        self._solved = None


class Aside:
    """Solves on a thread of low priority; frames do not wait for it."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "bundle adjustment", _yield_to_others)
        self._work: tuple[Window, Future[BundleSolution]] | None = None

    def submit(self, window: Window) -> None:
        if self._work is None:
            self._work = (window, self._thread.submit(solve, window.problem))

    def collect(self) -> tuple[Window, BundleSolution] | None:
        if self._work is None or not self._work[1].done():
            return None
        window, work = self._work
        self._work = None
        return window, work.result()

    def reset(self) -> None:
        self._work = None


def _yield_to_others() -> None:
    if hasattr(os, "setpriority"):  # Linux takes a thread's number for a process's
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
