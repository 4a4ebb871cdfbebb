"""Dynamic points of the newest frame and static points of all: ~/dynamic_points, ~/static_map."""

from __future__ import annotations

import math
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
from mem4d_ros.runtime import ColouredPoints
from mem4d_ros.runtime.scene import Scene

NO_POINTS = ColouredPoints(
    np.empty((0, 3), np.float32), np.empty((0, 3), np.uint8), np.empty(0, np.float32)
)


class SceneOutputs:
    """Separates dynamic from static pixels, and publishes both."""

    def __init__(self, node: Node, settings: Settings, reporter: Reporter) -> None:
        self._scene = Scene(settings.static_map.settings())
        self._occupancy = OccupancyOutput(node, self._scene.points_and_views, settings, reporter)
        self._dynamic_points = topics.DYNAMIC_POINTS.publisher(node)
        self._static_map = topics.STATIC_MAP.publisher(node)
        self._published_s = -math.inf  # monotonic

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
        is_first = reconstruction.frame_index == 0
        if is_first:
            self._occupancy.forget(header)
        if placement is None:
            if is_first:  # the map of a world that was left must not stay
                self._static_map.publish(to_point_cloud(NO_POINTS, header))
            return
        if has_subscribers(self._dynamic_points):
            points = points_in_map(reconstruction, placement, settings, where=moving)
            self._dynamic_points.publish(to_point_cloud(points, header))
        # The map of a world that was left must not stay latched.
        since_s = time.monotonic() - self._published_s
        if is_first or since_s >= settings.static_map.period_s:
            self._static_map.publish(to_point_cloud(self.static_points(placement), header))
            self._published_s = time.monotonic()
        self._occupancy.observe(placement, header, settings)
