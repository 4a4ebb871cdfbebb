"""The node `mem4d_viewer`: hears mem4d while somebody looks on, and asks its services."""

from __future__ import annotations

import math
import time

from rclpy.clock import Clock, ClockType
from rclpy.node import Node

from mem4d_ros.msg import Mem4DStatus
from mem4d_ros.ros.interface import topics
from mem4d_ros.ros.interface.parameters import warn_of_misspelt
from mem4d_ros.ros.reporting import Reporter
from mem4d_ros.ros.viewer.listening import Listening
from mem4d_ros.ros.viewer.service_controls import ServiceControls
from mem4d_ros.ros.viewer.settings import declare_parameters, parameters
from mem4d_ros.viewer.opening import open_viewer
from mem4d_ros.viewer.scene import Changes, Facts, Scene

PERIOD_S = 0.5
SILENCE_S = 5.0


class ViewerNode(Node):
    """Without a browser it hears the status alone, and so costs the node nothing."""

    def __init__(self) -> None:
        """Serves browsers from now on.

        Raises ViewerUnavailable, ParameterError and rclpy's ParameterException.
        """
        super().__init__("mem4d_viewer")
        self.settings = declare_parameters(self)
        warn_of_misspelt(self, parameters())
        self._reporter = Reporter(self.get_logger())
        self._scene = Scene()
        self.viewer = open_viewer(
            self._scene, self.settings.options(), ServiceControls(self, self.settings.node)
        )
        self._listening: Listening | None = None
        self._status: Mem4DStatus | None = None
        self._heard_at_s = -math.inf
        status = topics.STATUS
        name = status.name.replace("~", self.settings.node)
        self.create_subscription(status.type, name, self._on_status, status.qos)
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self.create_timer(PERIOD_S, self._watch, clock=steady)
        self.get_logger().info(f"open {self.viewer.window.url} in a browser")

    def destroy_node(self) -> None:
        """Hear nothing, and leave ROS."""
        if self._listening is not None:
            self._listening.close()
        super().destroy_node()

    def _watch(self) -> None:
        if self.viewer.window.clients and self._listening is None:
            self._listening = Listening(self, self.settings, self._scene, self._reporter)
        elif not self.viewer.window.clients and self._listening is not None:
            self._listening.close()
            self._listening = None
        if self._listening is not None:
            self._listening.refresh(self.viewer.look)
        if time.monotonic() - self._heard_at_s > SILENCE_S:
            remark = f"no word from the node {self.settings.node}: does it run?"
            self._scene.put(Changes(facts=Facts("waiting", remark=remark)))

    def _on_status(self, status: Mem4DStatus) -> None:
        if self._status is not None and begins_anew(self._status, status):
            self._scene.put(Changes(restarted=True))
            if self._listening is not None:
                self._listening.restart()
        self._status, self._heard_at_s = status, time.monotonic()
        self._scene.put(Changes(facts=facts_of(status)))


def begins_anew(before: Mem4DStatus, now: Mem4DStatus) -> bool:
    """Whether another world began between two reports: after a reset or a restart."""
    return now.resets != before.resets or now.frames_processed < before.frames_processed


def facts_of(status: Mem4DStatus) -> Facts:
    """What the panel tells of a report."""
    return Facts(
        state=status.state,
        processed=status.frames_processed,
        dropped=status.frames_dropped,
        rejected=status.frames_rejected,
        rate_hz=status.rate_hz,
        latency_s=status.latency_p50_s,
        model=f"{status.preset} on {status.device}, {status.precision}" if status.preset else "",
        remark=status.last_error if status.state == Mem4DStatus.STATE_ERROR else "",
    )
