"""Latencies of the newest frames."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Timing:
    """Statistics of the window; all 0 before there is anything to measure."""

    rate_hz: float = 0.0
    latency_p50_s: float = 0.0
    latency_p95_s: float = 0.0


class TimingWindow:
    """Keeps the latencies and completion times of the newest `size` frames. Thread-safe."""

    def __init__(self, size: int = 100, clock: Callable[[], float] = time.monotonic) -> None:
        self._frames: deque[tuple[float, float]] = deque(maxlen=size)  # (completed at, latency)
        self._clock = clock
        self._lock = threading.Lock()

    def add(self, latency_s: float) -> None:
        """Note that a frame is complete now and took `latency_s`."""
        with self._lock:
            self._frames.append((self._clock(), latency_s))

    def summary(self) -> Timing:
        """Rate and latency percentiles of the window.

        The rate counts the time since the last frame once that exceeds the usual interval, so that
        it falls towards 0 when frames cease.
        """
        with self._lock:
            frames, now = np.array(self._frames), self._clock()
        if not len(frames):
            return Timing()
        completed_at, latency = frames.T
        p50, p95 = np.percentile(latency, (50, 95))
        intervals = len(frames) - 1
        if not intervals:
            return Timing(0.0, float(p50), float(p95))
        elapsed = completed_at[-1] - completed_at[0]
        silence = now - completed_at[-1]
        if silence > elapsed / intervals:
            intervals, elapsed = intervals + 1, elapsed + silence
        rate = intervals / elapsed if elapsed > 0 else 0.0
        return Timing(float(rate), float(p50), float(p95))
