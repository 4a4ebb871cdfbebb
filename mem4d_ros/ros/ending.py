"""The end of a process, which a signal asks for or one of its threads."""

from __future__ import annotations

import os
import select
import signal


class Ending:
    """Comes with SIGINT, SIGTERM or `come`. Made on the main thread, once in a process.

    A signal may be handled by any thread, and again while its handler runs: who waits for an Event
    sleeps on then, or locks himself out. So the system writes to a pipe, and that is waited for.
    """

    def __init__(self) -> None:
        self._reading, self._writing = os.pipe()
        os.set_blocking(self._writing, False)
        signal.set_wakeup_fd(self._writing, warn_on_full_buffer=False)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda number, frame: None)

    def come(self) -> None:
        """End, from any thread."""
        os.write(self._writing, b"\0")

    @property
    def is_due(self) -> bool:
        """Whether it has come."""
        return bool(select.select([self._reading], [], [], 0)[0])

    def wait(self) -> None:
        """Return when it has come."""
        select.select([self._reading], [], [])
