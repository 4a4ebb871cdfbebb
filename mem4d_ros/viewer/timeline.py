"""Where a recording is while it plays."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Playback:
    """A value: frame `start` was shown at `since_s`, and frames follow at `rate_hz` if it plays."""

    length: int  # frames, at least 1
    rate_hz: float
    start: int = 0
    since_s: float = 0.0
    is_playing: bool = False

    def position(self, now_s: float) -> int:
        """The frame to show; the last one from the end on."""
        played = int((now_s - self.since_s) * self.rate_hz) if self.is_playing else 0
        return min(self.start + played, self.length - 1)

    def has_ended(self, now_s: float) -> bool:
        """Whether it plays no more, for want of frames."""
        return self.is_playing and self.position(now_s) == self.length - 1

    def played(self, now_s: float) -> Playback:
        """Playing from where it is on; from the beginning where it is at its end."""
        position = self.position(now_s)
        start = 0 if position == self.length - 1 else position
        return replace(self, start=start, since_s=now_s, is_playing=True)

    def paused(self, now_s: float) -> Playback:
        """Standing where it is."""
        return replace(self, start=self.position(now_s), since_s=now_s, is_playing=False)

    def sought(self, position: int, now_s: float) -> Playback:
        """At another frame, playing or not as before."""
        return replace(self, start=max(0, min(position, self.length - 1)), since_s=now_s)

    def at_rate(self, rate_hz: float, now_s: float) -> Playback:
        """Where it is, faster or slower from now on."""
        return replace(self, start=self.position(now_s), since_s=now_s, rate_hz=rate_hz)
