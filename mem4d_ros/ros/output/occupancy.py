"""~/occupancy: a map to plan in, made beside the frames while somebody subscribes."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from std_msgs.msg import Header

from mem4d_ros.ros.conversions.grid import to_occupancy_grid
from mem4d_ros.ros.interface import topics
from mem4d_ros.ros.interface.settings import Settings
from mem4d_ros.ros.output.listeners import has_subscribers
from mem4d_ros.ros.reporting import Reporter
from mem4d_ros.ros.robot.placers import Placement
from mem4d_ros.runtime import ColouredPoints, LatestFrameWorker
from mem4d_ros.runtime.occupancy import UNKNOWN, Grid, OccupancyMapper, View

TICK_S = 0.25
"""How long a new subscriber waits, besides the time that a grid takes."""
NICENESS = 10
MOST_FLOORLESS = 5
"""Grids in a row before it is worth a word: the first frames seldom show enough of the floor."""

PointsAndViews = Callable[[], tuple[ColouredPoints, tuple[View, ...]]]


@dataclass(frozen=True)
class _Due:
    """A grid to make: where its world is in the map, the stamp of its newest frame, which world."""

    placement: Placement
    header: Header
    world: int
    period_s: float


class OccupancyOutput:
    """Frames are observed on one thread, a timer asks for grids, a third thread makes them.

    A grid is made when there is something new, somebody subscribes and the period is over. The
    newest is latched, so that who subscribes later has one at once.
    """

    def __init__(
        self,
        node: Node,
        points_and_views: PointsAndViews,
        settings: Settings,
        reporter: Reporter,
    ) -> None:
        """`points_and_views` is called on the thread that makes the grids."""
        self._points_and_views = points_and_views
        self._reporter = reporter
        self._is_level = up_is_known(settings)
        self._mapper = OccupancyMapper(settings.occupancy.settings(), self._is_level)
        self._publisher = topics.OCCUPANCY.publisher(node)
        self._resolution_m = settings.occupancy.resolution
        self._due: _Due | None = None  # the newest
        self._asked: _Due | None = None  # the last that was asked for
        self._floorless = 0  # grids in a row
        self._lock = threading.Lock()
        self._world = 0
        self._has_published = False
        self._begun_s = -math.inf  # monotonic, when the newest grid was asked for
        self._worker = LatestFrameWorker(
            self._make, self._publish, self._on_failure, "mem4d-occupancy", NICENESS
        )
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        node.create_timer(TICK_S, self._tick, clock=steady)

    def observe(self, placement: Placement, header: Header, settings: Settings) -> None:
        """Note that there is a new frame, whose `header` is in the map."""
        self._due = _Due(placement, header, self._world, settings.occupancy.period_s)

    def forget(self, header: Header) -> None:
        """A new world begins, which may have no place in the map yet."""
        self._due, self._begun_s, self._floorless = None, -math.inf, 0
        with self._lock:
            self._world += 1
            if self._has_published:  # the map of a world that was left must not stay latched
                self._publisher.publish(self._unknown(header))
                self._has_published = False

    def silence(self) -> None:
        """Make no grid until the next frame."""
        self._due = None
        self._worker.wait_idle()

    def close(self) -> None:
        """Finish the grid in work and make no more."""
        self._worker.close()

    def _tick(self) -> None:
        due = self._due
        now_s = time.monotonic()
        if due is None or due is self._asked or now_s < self._begun_s + due.period_s:
            return
        if not has_subscribers(self._publisher):
            return
        self._asked, self._begun_s = due, now_s
        self._worker.submit(due)

    def _make(self, due: _Due) -> tuple[_Due, Grid | None]:
        points, views = self._points_and_views()
        return due, self._mapper.grid(points.positions, views, due.placement.map_from_world)

    def _publish(self, made: tuple[_Due, Grid | None]) -> None:
        due, grid = made
        if grid is None:
            self._floorless += 1
            if self._floorless >= MOST_FLOORLESS:
                self._reporter.warning(
                    "floor",
                    "~/occupancy is not published: no floor was found below the camera (yet); it"
                    " must be seen, within static_map.max_range",
                )
            return
        self._floorless = 0
        if grid.is_cut:
            self._reporter.once(
                "~/occupancy is cut about the camera: the world has more than"
                " occupancy.max_cells, set a larger occupancy.resolution or more cells"
            )
        message = to_occupancy_grid(grid, due.header, self._is_level)
        with self._lock:
            if due.world == self._world:
                self._publisher.publish(message)
                self._has_published = True

    def _on_failure(self, failure: Exception) -> None:
        self._reporter.error("occupancy", f"~/occupancy: {failure!r}")

    def _unknown(self, header: Header) -> object:
        cell = np.full((1, 1), UNKNOWN, np.int8)
        nothing = Grid(cell, np.zeros(2), self._resolution_m, np.eye(4))
        return to_occupancy_grid(nothing, header, is_level=True)


def up_is_known(settings: Settings) -> bool:
    """Whether z of the map is up, as occupancy.up says."""
    if settings.occupancy.up != "auto":
        return settings.occupancy.up == "map"
    return settings.tf.mode in ("base", "map_to_odom") or bool(settings.tf.initial_pose.strip())
