"""Detection of breaks in a stream of images, after which the network's memory no longer fits."""

from __future__ import annotations

from dataclasses import dataclass

from mem4d_ros.runtime import FrameRejected

JUMP_NS = 500_000_000
"""Stamps that go back by less than this are frames out of order; by more, the clock was set."""


@dataclass(frozen=True)
class Kind:
    """Properties that are the same for all images of one stream."""

    width: int
    height: int
    encoding: str

    def __str__(self) -> str:
        return f"{self.width}x{self.height} {self.encoding}"


class Continuity:
    """Keeps the newest image's stamp and kind, and finds where a stream breaks."""

    def __init__(self) -> None:
        self._stamp_ns = 0
        self._kind: Kind | None = None

    def break_by_stamp(self, stamp_ns: int) -> str:
        """Why this stamp starts a new stream; empty if it goes on. 0 is no stamp and says nothing.

        Raises FrameRejected for an image as old as the one before, or a little older.
        """
        if stamp_ns == 0:
            return ""
        behind_ns = self._stamp_ns - stamp_ns
        if 0 <= behind_ns < JUMP_NS:
            raise FrameRejected(
                f"an image is {behind_ns * 1e-9:.3f} s older than the one before it, or as old:"
                " images arrive twice or out of order"
            )
        self._stamp_ns = stamp_ns
        if behind_ns < 0:
            return ""
        return f"stamps jumped back by {behind_ns * 1e-9:.3f} s (a looped recording?)"

    def break_by_kind(self, kind: Kind) -> str:
        """Why this kind of image starts a new stream; empty if it goes on."""
        before, self._kind = self._kind, kind
        return "" if before in (None, kind) else f"images changed from {before} to {kind}"
