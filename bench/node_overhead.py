"""What the node adds to the network's step: from the image's callback to the last message sent.

A model that answers at once stands for the network; a second process listens to every output.
`wall` is until the last message is sent, `cpu` what the process takes of a processor, and `publish`
the part of it that passes in rclpy's publish.
Usage: python bench/node_overhead.py [--frames 100] [--static-map]
       python bench/node_overhead.py --image-size 256 --pose-source geometry    # as lite is used
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from multiprocessing.synchronize import Event
from unittest.mock import patch

import numpy as np
import rclpy
import torch
from rclpy.node import Node
from rclpy.publisher import Publisher
from sensor_msgs.msg import Image

from mem4d_ros.geometry import fov_to_intrinsics
from mem4d_ros.model import FrameOutput, MemorySizes, MemoryState
from mem4d_ros.ros.engine import Engine
from mem4d_ros.ros.frame import IncomingFrame
from mem4d_ros.ros.interface import topics
from mem4d_ros.ros.interface.settings import Settings
from mem4d_ros.ros.loading import LoadedModel
from mem4d_ros.ros.reporting import Reporter
from mem4d_ros.ros.transport import profile_settings
from mem4d_ros.runtime import OnlineReconstructor
from mem4d_ros.runtime.host_memory import keep_freed_memory
from mem4d_ros.runtime.pose_sources import MAKERS, make_pose_source

NODE = "mem4d"
HEARD = (
    topics.POINTS,
    topics.POINTS_CAMERA,
    topics.DEPTH,
    topics.DEPTH_CAMERA_INFO,
    topics.ODOMETRY,
    topics.PATH,
)


class InstantModel:
    """Says the same of every image, a bumpy wall 2 m ahead in which every point is valid."""

    takes_evidence = False

    def __init__(self, height: int, width: int) -> None:
        points = torch.rand(1, height, width, 3)
        points[..., 2] += 2
        confidence = torch.full((1, height, width), 3.0)
        self.output = FrameOutput(
            points_world=points,
            confidence_world=confidence,
            points_camera=points.clone(),
            confidence_camera=confidence.clone(),
            quaternion=torch.tensor([[1.0, 0, 0, 0]]),
            translation=torch.zeros(1, 3),
            field_of_view=torch.tensor([[1.2, 0.9]]),
            intrinsics=fov_to_intrinsics(torch.tensor([[1.2, 0.9]]), height, width),
        )

    def initial_state(self, memory: MemorySizes | None = None) -> MemoryState:
        """An empty memory."""
        return MemoryState(memory or MemorySizes())

    def step(self, image: torch.Tensor, state: MemoryState) -> tuple[FrameOutput, MemoryState]:
        """The output; the next state has only counted."""
        return self.output, replace(state, frame_index=state.frame_index + 1)


def listen(until: Event) -> None:
    """Receive every output and do nothing with it."""
    rclpy.init()
    node = Node("listener")
    for topic in HEARD:
        node.create_subscription(topic.type, absolute(topic), lambda message: None, topic.qos)
    while not until.is_set():
        rclpy.spin_once(node, timeout_sec=0.1)


@contextmanager
def listener() -> Iterator[None]:
    """Inside, another process listens, and this one is a ROS process."""
    context = multiprocessing.get_context("spawn")
    until = context.Event()
    process = context.Process(target=listen, args=(until,))
    process.start()
    rclpy.init()
    try:
        yield
    finally:
        until.set()
        process.join()
        rclpy.shutdown()


@contextmanager
def timed_publishing() -> Iterator[Callable[[], float]]:
    """Inside, the function says how many seconds of the processor rclpy has taken to publish."""
    publish, taken = Publisher.publish, [0.0]

    def timed(publisher: Publisher, message: object) -> None:
        start = time.thread_time()
        publish(publisher, message)
        taken[0] += time.thread_time() - start

    with patch.object(Publisher, "publish", timed):
        yield lambda: taken[0]


def measure(
    frames: int, settings: Settings, load: Callable[[Settings], LoadedModel]
) -> dict[str, list[float]]:
    """Seconds of each frame: until all of it is sent, of the processor, and in rclpy's publish."""
    node = Node(NODE)
    engine = Engine(node, lambda: settings, load, Reporter(node.get_logger()))
    wait_for(lambda: all(node.count_subscribers(absolute(topic)) for topic in HEARD))
    pixels = np.random.default_rng(0).integers(0, 256, (480, 640, 3), np.uint8)
    seconds: dict[str, list[float]] = {"wall": [], "cpu": [], "publish": []}
    with timed_publishing() as published:
        for frame in range(frames):
            message = Image(height=480, width=640, step=3 * 640, encoding="rgb8")
            message.data.frombytes(pixels.tobytes())
            message.header.frame_id = "camera"
            message.header.stamp.sec = 1 + frame
            cpu, publish = time.process_time(), published()
            engine.pipeline.submit(IncomingFrame(message, None, time.monotonic()))
            wait_for(lambda count=frame: engine.pipeline.progress().counters.processed > count)
            seconds["cpu"].append(time.process_time() - cpu)
            seconds["publish"].append(published() - publish)
            seconds["wall"].append(engine.pipeline.progress().newest.latency_last_s)
        engine.close()
    node.destroy_node()
    return seconds


def instant(image_size: int, pose_source: str, settings: Settings) -> LoadedModel:
    """The instant model at an image size, with poses from a source."""
    reconstructor = OnlineReconstructor(
        InstantModel(image_size * 3 // 4, image_size),
        image_size,
        settings.memory.sizes(MemorySizes()),
        pose_source=make_pose_source(pose_source, live=True),
    )
    return LoadedModel(reconstructor, "", "", "cpu", "fp32", image_size, MemorySizes())


def absolute(topic: topics.Topic) -> str:
    """The topic's full name."""
    return topic.name.replace("~", f"/{NODE}")


def wait_for(
    condition: Callable[[], bool], timeout_s: float = 60.0, period_s: float = 0.01
) -> None:
    """Return once the condition holds. Raises TimeoutError."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"no answer after {timeout_s:.0f} s")
        time.sleep(period_s)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=100)
    parser.add_argument("--image-size", type=int, default=512, help="long side of 4:3, pixels")
    parser.add_argument("--pose-source", choices=list(MAKERS), default="head")
    parser.add_argument("--static-map", action="store_true", help="with the static map")
    options = parser.parse_args()
    settings = Settings()
    settings = replace(
        settings, static_map=replace(settings.static_map, enabled=options.static_map)
    )
    os.environ.update(profile_settings(os.environ))  # as the launch file does
    keep_freed_memory()
    with listener():
        load = partial(instant, options.image_size, options.pose_source)
        seconds = measure(options.frames, settings, load)
    width, height = options.image_size, options.image_size * 3 // 4
    print(
        f"{width}x{height}, {width * height} points in each of two clouds, {options.frames} frames,"
        f" poses from {options.pose_source}"
    )
    for clock, times in seconds.items():
        settled = sorted(times[options.frames // 10 :])
        print(
            f"{clock:7s}  median {1e3 * statistics.median(settled):.1f} ms,"
            f" p95 {1e3 * settled[int(0.95 * len(settled))]:.1f} ms"
        )


if __name__ == "__main__":
    main()
