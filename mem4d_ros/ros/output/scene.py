"""Dynamic points of the newest frame and static points of all: ~/dynamic_points, ~/static_map."""

from __future__ import annotations

import math
import threading
import time

import numpy as np
from rclpy.node import Node
from std_msgs.msg import Header

from mem4d_ros.ros.conversions.cloud import to_point_cloud
from mem4d_ros.ros.frame import ReconstructedFrame
from mem4d_ros.ros.interface import topics
from mem4d_ros.ros.interface.settings import Settings
from mem4d_ros.ros.output.listeners import has_subscribers
from mem4d_ros.ros.output.occupancy import OccupancyOutput
from mem4d_ros.ros.output.points import moved_to_map, points_in_map
from mem4d_ros.ros.reporting import Reporter
from mem4d_ros.ros.robot.placers import Placement
from mem4d_ros.runtime import ColouredPoints, Reconstruction
from mem4d_ros.runtime.motion_split import MotionSplitter
from mem4d_ros.runtime.occupancy import View, Views
from mem4d_ros.runtime.static_map import StaticMap, StaticMapSettings

NO_POINTS = ColouredPoints(
    np.empty((0, 3), np.float32), np.empty((0, 3), np.uint8), np.empty(0, np.float32)
)


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
        return moving

    def static_points(self) -> ColouredPoints:
        """The map's points, in the world."""
        with self._lock:
            return self._map.points()

    def points_and_views(self) -> tuple[ColouredPoints, tuple[View, ...]]:
        """The map's points and the newest view from each place, in the world."""
        with self._lock:
            return self._map.points(), self._views.all()


class SceneOutputs:
    """Separates dynamic from static pixels, and publishes both."""

    def __init__(self, node: Node, settings: Settings, reporter: Reporter) -> None:
        self._scene = Scene(settings.static_map.settings())
        self._occupancy = OccupancyOutput(node, self._scene.points_and_views, settings, reporter)
        self._dynamic_points = topics.DYNAMIC_POINTS.publisher(node)
        self._static_map = topics.STATIC_MAP.publisher(node)
        self._due_s = 0.0  # monotonic

    def static_points(self, placement: Placement) -> ColouredPoints:
        """The static map's points in the map. From any thread."""
        return moved_to_map(self._scene.static_points(), placement)

    def silence(self) -> None:
        """Publish nothing until the next frame."""
        self._occupancy.silence()

    def close(self) -> None:
        """Finish what is in work."""
        self._occupancy.close()

    def publish(
        self,
        frame: ReconstructedFrame,
        placement: Placement | None,
        settings: Settings,
    ) -> None:
        """Take a frame in, and publish what has a place in the map."""
        reconstruction = frame.reconstruction
        moving = self._scene.add(reconstruction, scale_known=math.isfinite(frame.scale.deviation))
        header = Header(stamp=frame.stamp, frame_id=settings.frames.map)
        if placement is None:
            if reconstruction.frame_index == 0:  # the map of a world that was left must not stay
                self._static_map.publish(to_point_cloud(NO_POINTS, header))
            return
        if has_subscribers(self._dynamic_points):
            points = points_in_map(reconstruction, placement, settings, where=moving)
            self._dynamic_points.publish(to_point_cloud(points, header))
        # The map of a world that was left must not stay latched.
        if reconstruction.frame_index == 0 or time.monotonic() >= self._due_s:
            self._static_map.publish(to_point_cloud(self.static_points(placement), header))
            self._due_s = time.monotonic() + settings.static_map.period_s
        self._occupancy.observe(placement, header, settings, reconstruction.frame_index == 0)
