"""The node in this process with a fake network, and a second node that plays and listens.

Every run has its own ROS domain on this machine only, so that nothing else is heard or disturbed.
"""

import array
import math
import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest
import rclpy
import torch
from builtin_interfaces.msg import Time
from mem4d_ros.msg import Mem4DStatus
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import QoSProfile
from sensor_msgs.msg import Image, PointCloud2
from sensor_msgs_py import point_cloud2
from tf2_msgs.msg import TFMessage

from mem4d_ros.geometry import (
    fov_to_intrinsics,
    matrix_to_quaternion,
    pixel_rays,
    transform_points,
)
from mem4d_ros.model import FrameOutput, MemorySizes, MemoryState
from mem4d_ros.ros import topics
from mem4d_ros.ros.loading import LoadedModel
from mem4d_ros.ros.node import Mem4DNode
from mem4d_ros.ros.settings import Settings
from mem4d_ros.ros.topics import OUTPUTS
from mem4d_ros.runtime import OnlineReconstructor

# Read when a ROS context starts; programs that tests start inherit it.
os.environ["ROS_DOMAIN_ID"] = str(1 + os.getpid() % 100)
os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"
if os.environ.get("ROS_DISTRO") == "humble":  # which does not know the former
    os.environ["ROS_LOCALHOST_ONLY"] = "1"

PATIENCE_S = 20
IMAGE_SIZE = 64
FIELD_OF_VIEW = np.array([1.2, 0.9])
WALL_M = 2.0
STATUS = "/mem4d/status"


def moving(frame: int) -> np.ndarray:
    """Pose (4, 4) of a camera that moves forward and aside while it turns about all its axes."""
    yaw, pitch, roll = 0.1 * frame, 0.05 * frame, -0.03 * frame
    cy, sy, cp, sp, cr, sr = (
        f(angle) for angle in (yaw, pitch, roll) for f in (math.cos, math.sin)
    )
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    about_x = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
    about_z = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
    pose = np.eye(4)
    pose[:3, :3] = about_y @ about_x @ about_z
    pose[:3, 3] = 0.02 * frame, -0.01 * frame, 0.1 * frame
    return pose


class WallModel:
    """Sees a wall at z = 2 m of the world; the camera is at `poses(frame)` (4, 4).

    `before` runs ahead of every step; `edit` changes what it says.
    """

    def __init__(
        self,
        poses: Callable[[int], np.ndarray] = moving,
        edit: Callable[[FrameOutput], None] = lambda output: None,
        before: Callable[[], None] = lambda: None,
    ) -> None:
        self.poses = poses
        self.edit = edit
        self.before = before

    def initial_state(self, memory: MemorySizes | None = None) -> MemoryState:
        assert memory is not None
        return MemoryState(memory)

    def step(self, image: torch.Tensor, state: MemoryState) -> tuple[FrameOutput, MemoryState]:
        self.before()
        height, width = image.shape[-2:]
        pose = self.poses(state.frame_index)
        rays = pixel_rays(fov_to_intrinsics(FIELD_OF_VIEW, height, width), height, width)
        depth = (WALL_M - pose[2, 3]) / (rays @ pose[2, :3])
        points_camera = rays * depth[..., None]
        points_world = transform_points(pose, points_camera)
        confidence = torch.full((1, height, width), 3.0)
        output = FrameOutput(
            points_world=torch.tensor(points_world, dtype=torch.float32)[None],
            confidence_world=confidence.clone(),
            points_camera=torch.tensor(points_camera, dtype=torch.float32)[None],
            confidence_camera=confidence,
            quaternion=torch.tensor(matrix_to_quaternion(pose[:3, :3]))[None],
            translation=torch.tensor(pose[:3, 3])[None],
            field_of_view=torch.tensor(FIELD_OF_VIEW)[None],
        )
        self.edit(output)
        return output, replace(state, frame_index=state.frame_index + 1)


@dataclass
class Ros:
    """The node under test and a probe, both spinning. What is known of the node came over ROS."""

    node: Mem4DNode
    probe: Node
    received: dict[str, list[Any]] = field(default_factory=dict)

    def listen(self, message_type: Any, name: str, qos: QoSProfile | int = 50) -> list[Any]:
        """The list to which every message on a topic is appended."""
        messages = self.received.setdefault(name, [])
        subscription = self.probe.create_subscription(message_type, name, messages.append, qos)
        publishers = [p for p in self.node.publishers if p.topic_name == subscription.topic_name]
        for publisher in publishers:
            self.wait_for(publisher.get_subscription_count, f"a listener on {name}")
        self.wait_for(lambda: self.probe.count_publishers(name) >= len(publishers), name)
        return messages

    def talker(self, message_type: Any, name: str, qos: QoSProfile | int = 10) -> Any:
        """A publisher that the node has found."""
        publisher = self.probe.create_publisher(message_type, name, qos)
        self.wait_for(publisher.get_subscription_count, f"a subscription of {name}")
        return publisher

    def wait_for(self, condition: Callable[[], Any], what: str = "the condition") -> Any:
        """Wait until the condition holds, and return its value."""
        deadline = time.monotonic() + PATIENCE_S
        while not (value := condition()):
            assert time.monotonic() < deadline, f"{what} did not come about in {PATIENCE_S} s"
            time.sleep(0.005)
        return value

    def call(self, service_type: Any, name: str, request: Any) -> Any:
        """The answer of a service."""
        client = self.probe.create_client(service_type, name)
        assert client.wait_for_service(PATIENCE_S)
        future = client.call_async(request)
        self.wait_for(future.done, f"an answer of {name}")
        return future.result()

    def status(self) -> Mem4DStatus:
        """The newest ~/status."""
        return self.wait_for(lambda: self.received[STATUS], "a status")[-1]

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


@pytest.fixture
def wall_model() -> type[WallModel]:
    return WallModel


@pytest.fixture
def start() -> Iterator[Callable[..., Ros]]:
    """Start the node with a model and parameters, as `-p name:=value` would set them."""
    cleanups: list[Callable[[], None]] = []

    def start(model: WallModel | None = None, remappings: tuple[str, ...] = (), **groups) -> Ros:
        arguments = ["--ros-args", "-p", "mem4d:status.period_s:=0.05"]
        for group, values in groups.items():
            for name, value in values.items():
                text = f'"{value}"' if isinstance(value, str) else value
                # `frames_` is the group `frames`: a fixture has an argument of that name.
                arguments += ["-p", f"mem4d:{group.rstrip('_')}.{name}:={text}"]
        for remapping in remappings:
            arguments += ["-r", f"mem4d:{remapping}"]
        rclpy.init(args=arguments)
        cleanups.append(rclpy.try_shutdown)

        def load(settings: Settings) -> LoadedModel:
            online = OnlineReconstructor(model or WallModel(), IMAGE_SIZE, settings.memory.sizes())
            return LoadedModel(online, "lite", "", "cpu", "fp32", IMAGE_SIZE)

        ros = Ros(Mem4DNode(load), rclpy.create_node("probe"))
        executor = SingleThreadedExecutor()
        for node in (ros.node, ros.probe):
            executor.add_node(node)
        thread = threading.Thread(target=executor.spin)
        thread.start()

        def end() -> None:
            executor.shutdown()
            thread.join()
            ros.node.destroy_node()
            ros.probe.destroy_node()

        cleanups.append(end)
        ros.listen(Mem4DStatus, STATUS)
        return ros

    yield start
    for cleanup in reversed(cleanups):
        cleanup()


@pytest.fixture
def make_image() -> Callable[..., Image]:
    """An rgb8 image whose colours tell its pixels apart."""

    def make_image(
        stamp_s: float = 1.0, width: int = 64, height: int = 48, frame_id: str = "camera_optical"
    ) -> Image:
        v, u = np.mgrid[:height, :width]
        pixels = np.stack([u % 256, v % 256, (u + v) % 256], -1).astype(np.uint8)
        image = Image(width=width, height=height, encoding="rgb8", step=3 * width)
        image.header.frame_id = frame_id
        image.header.stamp = Time(sec=int(stamp_s), nanosec=round(stamp_s % 1 * 1e9))
        image.data = array.array("B", pixels.tobytes())
        return image

    return make_image


@pytest.fixture
def session(
    start: Callable[..., Ros], make_image: Callable[..., Image]
) -> Callable[..., tuple[Ros, dict[str, list[Any]]]]:
    """Start the node, listen to everything, play frames 0.1 s apart; the messages by topic."""

    def session(frames: int, model: WallModel | None = None, **groups: Any) -> Any:
        ros = start(model, **groups)
        outputs = [topic for topic in OUTPUTS if topic not in (topics.STATUS, topics.DIAGNOSTICS)]
        received = {
            topic.name: ros.listen(topic.type, topic.name.replace("~", "/mem4d"))
            for topic in outputs
        }
        transforms = ros.listen(TFMessage, "/tf")
        ros.play(ros.talker(Image, "/image"), *(make_image(10 + 0.1 * i) for i in range(frames)))
        for topic in outputs:
            ros.wait_for(lambda topic=topic: len(received[topic.name]) == frames, topic.name)
        if ros.node.count_publishers("/tf"):
            ros.wait_for(lambda: len(transforms) == frames, "/tf")
        return ros, received | {"/tf": transforms}

    return session
