"""What stands still, gathered over all frames, and what moves in the newest."""

import threading

import numpy as np

from mem4d_ros.runtime import ColouredPoints, Reconstruction
from mem4d_ros.runtime.motion_split import MotionSplitter
from mem4d_ros.runtime.static_map import StaticMap, StaticMapSettings


class Scene:
    """One thread adds frames; any may ask for the static points."""

    def __init__(self, settings: StaticMapSettings) -> None:
        self._splitter = MotionSplitter()
        self._map = StaticMap(settings)
        self._lock = threading.Lock()

    def add(self, reconstruction: Reconstruction, scale_known: bool = True) -> np.ndarray:
        """Take a frame in; its moving pixels (H, W) bool. Frame 0 starts a new world."""
        moving = self._splitter.split(reconstruction)
        # A frame whose place or size was guessed would smear the map.
        place_known = reconstruction.pose_measured or reconstruction.frame_index == 0
        if place_known and scale_known:
            with self._lock:
                self._map.integrate(reconstruction, moving)
        return moving

    def static_points(self) -> ColouredPoints:
        """The map's points, in the world."""
        with self._lock:
            return self._map.points()
