"""Ctrl-C and SIGTERM as a request: what runs ends at the next good moment."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def stop_on_request() -> Iterator[Callable[[], bool]]:
    """Whether a stop was asked for; asked a second time, the signal acts as it always does."""
    requested = False
    previous = {number: signal.getsignal(number) for number in SIGNALS}

    def restore() -> None:
        for number, handler in previous.items():
            signal.signal(number, handler)

    def request(number: int, frame: FrameType | None) -> None:
        nonlocal requested
        requested = True
        restore()

    for number in SIGNALS:
        signal.signal(number, request)
    try:
        yield lambda: requested
    finally:
        restore()
