"""What there is to see: sources put it in, the viewer takes what is new."""

from __future__ import annotations

import threading
from dataclasses import dataclass, fields, replace

import numpy as np

from mem4d_ros.runtime import ColouredPoints


@dataclass(frozen=True)
class MapCloud:
    """The static map.

    Attributes:
        times: (N,) when each point was first seen; None: when it first came here.
    """

    points: ColouredPoints
    times: np.ndarray | None = None


@dataclass(frozen=True)
class ViewedCamera:
    """The camera: pose (4, 4) of the optical frame in the map, and intrinsics (3, 3) in pixels."""

    map_from_camera: np.ndarray
    intrinsics: np.ndarray
    width: int
    height: int


@dataclass(frozen=True)
class Facts:
    """How the reconstruction goes. Frames since it began; seconds; Hz."""

    state: str
    processed: int = 0
    dropped: int = 0
    rejected: int = 0
    rate_hz: float = 0.0
    latency_s: float = 0.0
    model: str = ""
    remark: str = ""

    @property
    def is_paused(self) -> bool:
        """Whether images are let go."""
        return self.state == "paused"


@dataclass(frozen=True)
class Changes:
    """What is new, all of it in the map, which is z-up, in metres; None: nothing."""

    restarted: bool | None = None  # a new world began: forget the one before
    static_map: MapCloud | None = None
    until: float | None = None  # show what was first seen by then
    frame: ColouredPoints | None = None  # the newest frame
    moving: ColouredPoints | None = None  # what moves in it
    landmarks: ColouredPoints | None = None
    camera: ViewedCamera | None = None
    keyframes: tuple[ViewedCamera, ...] | None = None
    path: np.ndarray | None = None  # (N, 3)
    loops: np.ndarray | None = None  # (L, 2, 3), ends of links
    image: np.ndarray | None = None  # (H, W, 3) uint8 RGB
    depth: np.ndarray | None = None  # (H, W) metres, NaN where there is none
    facts: Facts | None = None


NOTHING = Changes()


class Scene:
    """Keeps the newest of everything until it is taken, and so never more. Thread-safe."""

    def __init__(self) -> None:
        self._changes = NOTHING
        self._lock = threading.Lock()

    def put(self, changes: Changes) -> None:
        """Add what is new; it takes the place of what was not yet taken."""
        given = {
            f.name: value
            for f in fields(changes)
            if (value := getattr(changes, f.name)) is not None
        }
        with self._lock:
            before = NOTHING if changes.restarted else self._changes
            self._changes = replace(before, **given)

    def take(self) -> Changes:
        """All that was put since the last time."""
        with self._lock:
            taken, self._changes = self._changes, NOTHING
        return taken
