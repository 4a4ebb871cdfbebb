"""What the buttons do, where there is somebody to do it."""

from __future__ import annotations

from typing import Protocol


class ControlFailed(Exception):  # noqa: N818
    """Nothing was done; the message says why and what to do."""


class Controls(Protocol):
    """Of a running reconstruction. All answer in one line, from any thread; raise ControlFailed."""

    def pause(self, paused: bool) -> str:
        """Let images go, or take them again."""
        ...

    def reset(self) -> str:
        """Begin a new world."""
        ...

    def save(self) -> str:
        """Write the map to a file."""
        ...


class Recording(Protocol):
    """A finished reconstruction, frame by frame."""

    @property
    def length(self) -> int:
        """Frames, at least 1."""
        ...

    @property
    def rate_hz(self) -> float:
        """Frames a second at which it was taken."""
        ...

    def show(self, index: int, grows: bool) -> None:
        """Put a frame into the scene, and of the map what had been seen by then, or all."""
        ...
