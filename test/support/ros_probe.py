"""A second node that talks to the one under test and listens to it.

Every run has its own ROS domain on this machine only, so that nothing else is heard or disturbed.
"""

from __future__ import annotations

import array
import os
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import rclpy
from builtin_interfaces.msg import Time
from mem4d_ros.msg import Mem4DStatus
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import QoSProfile
from sensor_msgs.msg import Image, PointCloud2
from sensor_msgs_py import point_cloud2

from mem4d_ros.ros.node import Mem4DNode

# Read when a ROS context starts; programs that tests start inherit it.
os.environ["ROS_DOMAIN_ID"] = str(1 + os.getpid() % 100)
os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"
if os.environ.get("ROS_DISTRO") == "humble":  # which does not know the former
    os.environ["ROS_LOCALHOST_ONLY"] = "1"

PATIENCE_S = 60  # a node that shares its cores may need this long to load
CLIENT_PATIENCE_S = 15


@dataclass
class Ros:
    """A probe that talks and listens, and the node under test where it is in this process.

    Both spin. What is known of the node came over ROS.
    """

    probe: Node
    node: Mem4DNode | None = None
    received: dict[str, list[Any]] = field(default_factory=dict)

    def listen(self, message_type: Any, name: str, qos: QoSProfile | int = 50) -> list[Any]:
        """The list to which every message on a topic is appended."""
        messages = self.received.setdefault(name, [])
        self.probe.create_subscription(message_type, name, messages.append, qos)
        for publisher in self.node.publishers if self.node else ():
            if publisher.topic_name == name:
                self.wait_for(publisher.get_subscription_count, f"a listener on {name}")
                self.wait_for(lambda: self.probe.count_publishers(name), f"a publisher of {name}")
        return messages

    def talker(self, message_type: Any, name: str, qos: QoSProfile | int = 10) -> Any:
        """A publisher that the node has found."""
        publisher = self.probe.create_publisher(message_type, name, qos)
        self.wait_for(publisher.get_subscription_count, f"a subscription of {name}")
        return publisher

    def wait_for(
        self,
        condition: Callable[[], Any],
        what: str = "the condition",
        patience_s: float = PATIENCE_S,
    ) -> Any:
        """Wait until the condition holds, and return its value."""
        deadline = time.monotonic() + patience_s
        while not (value := condition()):
            assert time.monotonic() < deadline, f"{what} did not come about in {patience_s} s"
            time.sleep(0.005)
        return value

    def call(self, service_type: Any, name: str, request: Any) -> Any:
        """The answer of a service."""
        client = self.client_of(service_type, name)
        future = client.call_async(request)
        self.wait_for(future.done, f"an answer of {name}")
        return future.result()

    def client_of(self, service_type: Any, name: str) -> Any:
        """A client that sees the service.

        Once in some thousands a client of rmw_fastrtps does not see one that is there: it counts
        its matches, and two that come at the same time are both lost to it. Another client then
        takes its place, and a warning says so.
        """
        deadline = time.monotonic() + PATIENCE_S
        while not (client := self.probe.create_client(service_type, name)).wait_for_service(
            CLIENT_PATIENCE_S
        ):
            there = self.probe.count_services(name)
            assert time.monotonic() < deadline, f"{name}: no client saw one of {there} services"
            warnings.warn(f"{name}: a client did not see one of {there} services", stacklevel=2)
        return client

    def status(self) -> Mem4DStatus:
        """The newest ~/status."""
        (reports,) = (self.received[name] for name in self.received if name.endswith("/status"))
        return self.wait_for(lambda: reports, "a status")[-1]

    def play(self, publisher: Any, *messages: Any) -> None:
        """Publish one after the other, and wait each time until the node is done with it."""
        for message in messages:
            before = self.status().frames_received
            publisher.publish(message)
            self.wait_for(lambda n=before: self.status().frames_received == n + 1, "a frame")
            self.wait_for(self.is_idle, "the end of a frame")

    def is_idle(self) -> bool:
        """Whether every frame received is accounted for."""
        now = self.status()
        accounted = now.frames_processed + now.frames_dropped + now.frames_rejected
        return now.frames_received == accounted

    @staticmethod
    def xyz(cloud: PointCloud2) -> np.ndarray:
        """Positions (N, 3)."""
        return np.stack([point_cloud2.read_points(cloud)[axis] for axis in "xyz"], -1)

    @staticmethod
    def depth(image: Image) -> np.ndarray:
        """Depth (H, W) of a 32FC1 image."""
        assert image.encoding == "32FC1"
        return np.frombuffer(image.data, np.float32).reshape(image.height, image.width)


Start = Callable[..., Ros]
"""Starts the node under test; the arguments are those of the fixture `start`."""
Session = Callable[..., tuple[Ros, dict[str, list[Any]]]]
"""Plays frames to a node; gives it, and the messages that it published, by topic."""


@contextmanager
def connected(
    arguments: Sequence[str] = (), make_node: Callable[[], Mem4DNode] | None = None
) -> Iterator[Ros]:
    """ROS with these arguments, a probe, and a node where one is made; all spinning."""
    rclpy.init(args=["--ros-args", *arguments])
    ros = Ros(rclpy.create_node("probe"), make_node() if make_node else None)
    nodes = [ros.probe] if ros.node is None else [ros.node, ros.probe]
    executor = SingleThreadedExecutor()
    for node in nodes:
        executor.add_node(node)
    thread = threading.Thread(target=executor.spin)
    thread.start()
    try:
        yield ros
    finally:
        executor.shutdown()
        thread.join()
        for node in nodes:
            node.destroy_node()
        rclpy.try_shutdown()


def make_image(
    stamp_s: float = 1.0, width: int = 64, height: int = 48, frame_id: str = "camera_optical"
) -> Image:
    """An rgb8 image whose colours tell its pixels apart."""
    v, u = np.mgrid[:height, :width]
    pixels = np.stack([u % 256, v % 256, (u + v) % 256], -1).astype(np.uint8)
    image = Image(width=width, height=height, encoding="rgb8", step=3 * width)
    image.header.frame_id = frame_id
    image.header.stamp = Time(sec=int(stamp_s), nanosec=round(stamp_s % 1 * 1e9))
    image.data = array.array("B", pixels.tobytes())
    return image
