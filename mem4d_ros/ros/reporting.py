"""Log lines that say a thing once in a while, not at every frame."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Protocol

INTERVAL_S = 5.0
MAX_ONCE = 1000
"""Of messages that are remembered to be said; names that others choose have no limit."""
MAX_LENGTH = 1000
"""Of a message in characters; names that others choose have no limit."""


class Logger(Protocol):
    """The used part of an rclpy logger."""

    def info(self, message: str) -> object: ...

    def warning(self, message: str) -> object: ...

    def error(self, message: str) -> object: ...


class Reporter:
    """Notes, warns and complains; the same `key` at most once in INTERVAL_S of real time.

    Thread-safe.
    """

    def __init__(self, logger: Logger, clock: Callable[[], float] = time.monotonic) -> None:
        self._logger = logger
        self._clock = clock
        self._lock = threading.Lock()
        self._said_at: dict[str, float] = {}
        self._said_once: set[str] = set()
        self._last_error = ""

    @property
    def last_error(self) -> str:
        """The newest complaint, said or not; empty before the first."""
        return self._last_error

    def note(self, key: str, message: str) -> None:
        """Say what is worth knowing."""
        if self._is_due(key):
            self._logger.info(_one_line(message))

    def warning(self, key: str, message: str) -> None:
        """Say that something may be wrong."""
        if self._is_due(key):
            self._logger.warning(_one_line(message))

    def once(self, message: str) -> None:
        """Warn of what will not change; a message is never repeated."""
        line = _one_line(message)
        with self._lock:
            is_new = line not in self._said_once and len(self._said_once) < MAX_ONCE
            if is_new:
                self._said_once.add(line)
        if is_new:
            self._logger.warning(line)

    def failure(self, message: str, details: str = "") -> None:
        """Say at once what somebody asked for and did not get."""
        self._last_error = line = _one_line(message)
        self._logger.error(f"{line}\n{details}" if details else line)

    def error(self, key: str, message: str, details: str = "") -> None:
        """Say in one line that something is wrong, and how to mend it; details go to the log."""
        if self._is_due(key):
            self.failure(message, details)
        self._last_error = _one_line(message)

    def _is_due(self, key: str) -> bool:
        with self._lock:
            now = self._clock()
            due = key not in self._said_at or not _is_fresh(self._said_at[key], now)
            if due:
                if len(self._said_at) >= MAX_ONCE:
                    self._said_at = {k: at for k, at in self._said_at.items() if _is_fresh(at, now)}
                self._said_at[key] = now
            return due


def _is_fresh(said_at: float, now: float) -> bool:
    return now - said_at < INTERVAL_S


def _one_line(message: str) -> str:
    """So that no name from a message can fill the log, forge a line of it or colour a terminal."""
    return "".join(c if c.isprintable() else " " for c in message[:MAX_LENGTH])
