"""What a bag's odometry says of each image."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from mem4d_ros.runtime.external_odometry import PoseHistory

Stamped = tuple[int, np.ndarray]
"""Nanoseconds and odom_from_camera (4, 4)."""


class OdometryBeside:
    """Poses of an odometry at the times of images, read beside them.

    Attributes:
        asked, heard: of how many images they were asked for, and known.
    """

    def __init__(self, poses: Iterable[Stamped]) -> None:
        """`poses`: about in order of time."""
        self._rest: Iterator[Stamped] = iter(poses)
        self._history = PoseHistory()
        self._newest_ns: int | None = None
        self.asked = self.heard = 0

    def at(self, stamp_ns: int) -> np.ndarray | None:
        """odom_from_camera (4, 4) at a time no earlier than those before; None: not known."""
        while self._newest_ns is None or self._newest_ns < stamp_ns:
            stamped = next(self._rest, None)
            if stamped is None:
                break
            self._newest_ns = stamped[0]
            self._history.add(*stamped)
        pose = self._history.at(stamp_ns)
        self.asked += 1
        self.heard += pose is not None
        return pose
