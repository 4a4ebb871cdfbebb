"""How many bytes may be sent."""

from __future__ import annotations

BURST_S = 0.5
"""What was not spent is kept for so long."""


class ByteBudget:
    """A rate in bytes a second, which a single large message may overdraw and pays back."""

    def __init__(self, bytes_per_second: float) -> None:
        """Raises ValueError unless the rate is above 0."""
        if not bytes_per_second > 0:
            raise ValueError(f"{bytes_per_second} bytes a second is no rate above 0")
        self._rate = bytes_per_second
        self._left = bytes_per_second * BURST_S
        self._at_s: float | None = None

    def left(self, now_s: float) -> float:
        """Bytes that may be sent now; below 0 while a debt is paid back."""
        if self._at_s is not None:
            earned = (now_s - self._at_s) * self._rate
            self._left = min(self._left + earned, self._rate * BURST_S)
        self._at_s = now_s
        return self._left

    def spend(self, count: int) -> None:
        """So many were sent."""
        self._left -= count
