"""A ROS 2 node that says how far the nearest obstacle ahead is, in each frame of mem4d_node.

python examples/nearest_obstacle.py --ros-args -p depth:=/mem4d/depth/image
"""

from __future__ import annotations

import numpy as np
import rclpy
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node
from sensor_msgs.msg import Image

AHEAD = slice(0.3, 0.7)
"""The middle of the image, as parts of its width and height."""


class NearestObstacle(Node):
    """Subscribes to depth images and logs the nearest depth ahead."""

    def __init__(self) -> None:
        super().__init__("nearest_obstacle")
        topic = self.declare_parameter("depth", "/mem4d/depth/image").value
        self.create_subscription(Image, topic, self._on_depth, 5)

    def _on_depth(self, message: Image) -> None:
        # 32FC1: metres along the optical axis, NaN where nothing is known.
        depth = np.frombuffer(message.data, np.float32).reshape(message.height, message.width)
        ahead = middle(depth)
        known = ahead[np.isfinite(ahead)]
        if len(known):
            # One pixel may be wrong; a hundredth of them hardly is.
            self.get_logger().info(f"nearest obstacle at {np.quantile(known, 0.01):.2f} m")


def middle(depth: np.ndarray) -> np.ndarray:
    """The middle part of (H, W)."""
    height, width = depth.shape
    rows = slice(int(AHEAD.start * height), int(AHEAD.stop * height))
    columns = slice(int(AHEAD.start * width), int(AHEAD.stop * width))
    return depth[rows, columns]


def main() -> None:
    """Listen until Ctrl-C."""
    rclpy.init()
    try:
        rclpy.spin(NearestObstacle())
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
    finally:
        rclpy.try_shutdown()


if __name__ == "__main__":
    main()
