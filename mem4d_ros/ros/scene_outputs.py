"""~/dynamic_points and ~/static_map."""

import math
import time

from rclpy.node import Node
from rclpy.publisher import Publisher
from std_msgs.msg import Header

from mem4d_ros.ros import topics
from mem4d_ros.ros.conversions.cloud import to_point_cloud
from mem4d_ros.ros.frames import Placement
from mem4d_ros.ros.points import moved_to_map, points_in_map
from mem4d_ros.ros.reconstructed_frame import ReconstructedFrame
from mem4d_ros.ros.scene import Scene
from mem4d_ros.ros.settings import Settings
from mem4d_ros.runtime import ColouredPoints


class SceneOutputs:
    """Tells what moves from what stands still, and publishes both."""

    def __init__(self, node: Node, settings: Settings) -> None:
        self._scene = Scene(settings.static_map.settings())
        self._dynamic_points = topics.DYNAMIC_POINTS.publisher(node)
        self._static_map = topics.STATIC_MAP.publisher(node)
        self._due_s = 0.0  # monotonic

    def static_points(self, placement: Placement) -> ColouredPoints:
        """The static map's points in the map. From any thread."""
        return moved_to_map(self._scene.static_points(), placement)

    def publish(
        self,
        frame: ReconstructedFrame,
        placement: Placement | None,
        settings: Settings,
    ) -> None:
        """Take a frame in, and publish what has a place in the map."""
        reconstruction = frame.reconstruction
        moving = self._scene.add(reconstruction, scale_known=math.isfinite(frame.scale.deviation))
        if placement is None:
            return
        header = Header(stamp=frame.stamp, frame_id=settings.frames.map)
        if is_heard(self._dynamic_points):
            points = points_in_map(reconstruction, placement, settings, where=moving)
            self._dynamic_points.publish(to_point_cloud(points, header))
        # The map of a world that was left must not stay latched.
        if reconstruction.frame_index == 0 or time.monotonic() >= self._due_s:
            self._static_map.publish(to_point_cloud(self.static_points(placement), header))
            self._due_s = time.monotonic() + settings.static_map.period_s


def is_heard(publisher: Publisher) -> bool:
    """Whether anybody listens."""
    return publisher.get_subscription_count() > 0
