"""What stands still in one world, frame by frame: its points, and the views that saw them."""

from __future__ import annotations

import threading

import numpy as np

from mem4d_ros.runtime.motion_split import MotionSplitter
from mem4d_ros.runtime.occupancy import View, Views
from mem4d_ros.runtime.points import ColouredPoints
from mem4d_ros.runtime.reconstruction import Reconstruction
from mem4d_ros.runtime.static_map import StaticMap, StaticMapSettings


class Scene:
    """One thread adds frames; any may ask for the static points, and for views of them."""

    def __init__(self, settings: StaticMapSettings) -> None:
        self._splitter = MotionSplitter()
        self._map = StaticMap(settings)
        self._views = Views()
        self._lock = threading.Lock()

    def add(self, reconstruction: Reconstruction, scale_known: bool = True) -> np.ndarray:
        """Take a frame in; its moving pixels (H, W) bool. Frame 0 starts a new world."""
        moving = self._splitter.split(reconstruction)
        self.integrate(reconstruction, moving, scale_known)
        return moving

    def integrate(
        self, reconstruction: Reconstruction, moving: np.ndarray, scale_known: bool = True
    ) -> None:
        """Take a frame in whose moving pixels (H, W) bool are known."""
        if reconstruction.correction is not None:
            with self._lock:
                self._map.move(reconstruction.correction)
                self._views.move(reconstruction.correction)
        # A frame whose place or size was guessed would smear the map.
        is_first = reconstruction.placed and reconstruction.frame_index == 0
        place_known = reconstruction.pose_measured or is_first
        if place_known and scale_known:
            view = View.of(reconstruction, moving, self._map.settings.min_confidence)
            with self._lock:
                self._map.integrate(reconstruction, moving)
                self._views.add(view, is_first=reconstruction.frame_index == 0)

    def static_points(self) -> ColouredPoints:
        """The map's points, in the world."""
        with self._lock:
            return self._map.points()

    def points_and_views(self) -> tuple[ColouredPoints, tuple[View, ...]]:
        """The map's points and the newest view from each place, in the world."""
        with self._lock:
            return self._map.points(), self._views.all()
