"""What may be said of a viewer."""

from __future__ import annotations

from dataclasses import dataclass

LOOPBACK = "127.0.0.1"
PORT = 8080


@dataclass(frozen=True)
class ViewerOptions:
    """Options.

    Attributes:
        host: address to listen at; only this machine unless told otherwise.
        port: 0: any that is free.
        bytes_per_second: to each browser, at most, on average.
        most_points: of the static map that are shown; of a larger one a selection.
        follows: whether browsers follow the camera from the start.
        plays: whether a recording plays from the start, or stands at its end.
    """

    title: str = "Mem4D"
    host: str = LOOPBACK
    port: int = PORT
    bytes_per_second: float = 4e6
    most_points: int = 300_000
    follows: bool = True
    plays: bool = False
