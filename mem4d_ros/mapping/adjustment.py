"""When what takes long is computed: at once, or beside the frames that go on coming."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, Protocol, TypeVar

NICENESS = 10

Result = TypeVar("Result")


class Worker(Protocol[Result]):
    """Does one piece of work at a time."""

    @property
    def is_busy(self) -> bool:
        """Whether it would leave out what is submitted now."""
        ...

    def submit(self, work: Callable[[], Result]) -> None:
        """Do this; it is left out while something else is in work."""
        ...

    def collect(self) -> Result | None:
        """What has been done since the last call."""
        ...

    def reset(self) -> None:
        """Forget what is in work."""
        ...


class AtOnce(Generic[Result]):
    """Works when asked: the same frames always become the same map."""

    def __init__(self) -> None:
        self._done: Result | None = None

    @property
    def is_busy(self) -> bool:
        return False

    def submit(self, work: Callable[[], Result]) -> None:
        self._done = work()

    def collect(self) -> Result | None:
        done, self._done = self._done, None
        return done

    def reset(self) -> None:
        self._done = None


class Aside(Generic[Result]):
    """Works on a thread of low priority; frames do not wait for it."""

    def __init__(self, name: str = "mapping") -> None:
        """`name` is the thread's, which ends with this."""
        self._thread = ThreadPoolExecutor(1, name, _yield_to_others)
        self._work: Future[Result] | None = None

    @property
    def is_busy(self) -> bool:
        return self._work is not None

    def submit(self, work: Callable[[], Result]) -> None:
        if self._work is None:
            self._work = self._thread.submit(work)

    def collect(self) -> Result | None:
        if self._work is None or not self._work.done():
            return None
        work, self._work = self._work, None
        return work.result()

    def reset(self) -> None:
        self._work = None


def _yield_to_others() -> None:
    if hasattr(os, "setpriority"):  # Linux takes a thread's number for a process's
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
