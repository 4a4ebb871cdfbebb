"""What was seen of a camera."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass
class CameraSeen:
    """An image topic, and what came over it.

    Attributes:
        publishers: full names of the nodes.
        best_effort: one of them at least offers no more.
        time_is_simulated: somebody publishes /clock, so stamps are not of the system's time.
        delays_s: arrival by the system's clock minus stamp, of each image.
        first: the first image that came; None where none did.
        info: the first CameraInfo on `info_topic`; None where none came.
    """

    topic: str
    kind: str
    info_topic: str
    publishers: tuple[str, ...]
    best_effort: bool
    time_is_simulated: bool = False
    seconds: float = 0.0
    stamps_ns: list[int] = field(default_factory=list)
    delays_s: list[float] = field(default_factory=list)
    first: Any = None
    info: Any = None
