"""The node for as long as one likes, back to back: its memory, its pace, and what became of frames.

    python bench/soak.py --frames 10000                      # lite
    python bench/soak.py --frames 10000 --image-size 64      # lite on small images

mem4d_node runs in a process of its own and hears the next image as soon as the last one is
published, which is the highest rate it holds. A CameraInfo comes with each. Every output has a
listener. Among the images are some that are cut short, which it must reject. The exit status is 1
if a frame is unaccounted for, or if after the warm-up memory grew between the first and the last
tenth, or time a frame between the first and the last third.

After every few frames this process times a step of the same network, always from the same state,
and it is the ratio of the two that must not grow (soak_figures.py).
"""

from __future__ import annotations

import argparse
import array
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import rclpy
import torch
from builtin_interfaces.msg import Time
from mem4d_ros.msg import Mem4DStatus
from nav_msgs.msg import Odometry
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import QoSProfile
from sensor_msgs.msg import CameraInfo, Image
from soak_figures import PACE_EVERY, Moment, Run, Seconds, accounted, is_sound, report

from mem4d_ros.evaluation.speed.stream import FullStream, Setting
from mem4d_ros.ros.conversions.camera_info import to_camera_info
from mem4d_ros.ros.conversions.stamps import ns_to_stamp
from mem4d_ros.ros.demo.processes import ChildProcesses
from mem4d_ros.ros.demo.source import procedural_scene
from mem4d_ros.ros.interface import topics
from mem4d_ros.runtime.loading import load_network

NAMESPACE = "/soak"
SCENE_FRAMES = 24
FRAME_NS = 100_000_000  # between stamps
CUT_SHORT_EVERY = 50
LEAD_S = 0.02
"""For an image that is cut short: the next one would take its place before it is looked at."""
HISTORY_DEPTH = 10  # so that DDS keeps an image that is cut short until it is taken
START_TIMEOUT_S = 120.0
FRAME_TIMEOUT_S = 60.0


class Reference:
    """A piece of work that is always the same: a step of the network, on one thread.

    It is that of the node on images of the same size, with every memory full.
    """

    def __init__(self, checkpoint: str, image_size: int, image: np.ndarray) -> None:
        torch.set_num_threads(1)
        network = load_network(checkpoint, "lite", "cpu", "auto")
        transform = network.reconstructor("head", image_size or None).transform_of(image)
        height, width = transform.output_height, transform.output_width
        model, memory = network.model, network.model.config.memory
        evidence = model.takes_evidence
        self._stream = FullStream(
            Setting(model, network.device, network.precision, height, width, memory, evidence)
        )
        self._state = self._stream.state

    def seconds(self) -> Seconds:
        """Of a step now."""
        self._stream.state = self._state
        wall, cpu = time.perf_counter(), time.thread_time()
        self._stream.step()
        return Seconds(time.perf_counter() - wall, time.thread_time() - cpu)


@dataclass
class Camera:
    """Sends images and waits for what the node makes of them."""

    node: Node
    executor: SingleThreadedExecutor
    intrinsics: np.ndarray  # (3, 3), pixels
    newest: Time = field(default_factory=Time)
    status: Mem4DStatus | None = None

    def __post_init__(self) -> None:
        self.images = self.node.create_publisher(Image, "image", QoSProfile(depth=HISTORY_DEPTH))
        self.infos = self.node.create_publisher(CameraInfo, "camera_info", topics.CAMERA_INFO.qos)
        for topic in topics.OUTPUTS:
            name = topic.name.replace("~", f"{NAMESPACE}/mem4d")
            callback = {Odometry: self._on_odometry, Mem4DStatus: self._on_status}.get(topic.type)
            self.node.create_subscription(
                topic.type, name, callback or (lambda data: None), topic.qos, raw=callback is None
            )

    def _on_odometry(self, message: Odometry) -> None:
        self.newest = message.header.stamp

    def _on_status(self, message: Mem4DStatus) -> None:
        self.status = message

    def wait_for_node(self) -> None:
        """Until it listens and speaks."""
        self._wait(
            lambda: (
                self.images.get_subscription_count()
                and self.infos.get_subscription_count()
                and self.status is not None
            ),
            START_TIMEOUT_S,
            "the node did not start",
        )

    def send(self, image: Image) -> None:
        """Publish, and return when its pose is heard."""
        info = to_camera_info(self.intrinsics, image.height, image.width, image.header)
        self.infos.publish(info)
        self.images.publish(image)
        self._wait(
            lambda: self.newest == image.header.stamp, FRAME_TIMEOUT_S, "an image brought no pose"
        )

    def final_status(self, sent: int) -> Mem4DStatus:
        """The accounts, when all images are in them or no more come."""
        deadline = time.monotonic() + 3.0
        while self._accounted() < sent and time.monotonic() < deadline:
            self.executor.spin_once(0.1)
        assert self.status is not None
        return self.status

    def keyframes(self) -> int:
        """In the node's map, as last heard."""
        return self.status.map_keyframes if self.status else 0

    def _accounted(self) -> int:
        return accounted(self.status) if self.status else 0

    def _wait(self, condition: Callable[[], object], timeout_s: float, complaint: str) -> None:
        deadline = time.monotonic() + timeout_s
        while not condition():
            if time.monotonic() > deadline:
                raise SystemExit(f"{complaint} within {timeout_s:.0f} s: {self.status}")
            self.executor.spin_once(0.1)


def main() -> int:
    """Run the node and print how it did; 1 if a limit is passed."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--frames", type=int, default=10_000)
    parser.add_argument("--warm-up", type=int, help="frames; a tenth if not given, 1000 at most")
    parser.add_argument("--checkpoint", default="", help="safetensors; lite's own if not given")
    parser.add_argument("--image-size", type=int, default=0, help="long side, px; 0: the network's")
    parser.add_argument("--threads", type=int, default=0, help="of the network; 0: torch chooses")
    parser.add_argument("--param", action="append", default=[], metavar="NAME:=VALUE")
    options = parser.parse_args()
    warm_up = options.warm_up or min(options.frames // 10, 1000)
    scene, intrinsics = procedural_scene(7, SCENE_FRAMES)
    images = back_and_forth(scene)
    reference = Reference(options.checkpoint, options.image_size, scene[0])
    rclpy.init()
    node = Node("soak", namespace=NAMESPACE)
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    with ChildProcesses() as children:
        child = children.start("mem4d_ros.ros.main", node_arguments(options))
        camera = Camera(node, executor, intrinsics)
        camera.wait_for_node()
        run = play(camera, images, options.frames, child.pid, reference)
        status = camera.final_status(run.sent)
    settled = run.after(warm_up)
    print(report(settled, status))
    return 0 if is_sound(settled, status) else 1


def node_arguments(options: argparse.Namespace) -> list[str]:
    """ROS arguments of the node."""
    parameters = {
        "model.checkpoint": f"'{options.checkpoint}'",
        "model.image_size": options.image_size,
        "model.threads": options.threads,
        "input.reliability": "reliable",
        "input.history_depth": HISTORY_DEPTH,
        "status.period_s": 0.5,
    }
    rules = [f"{name}:={value}" for name, value in parameters.items()] + options.param
    arguments = ["--ros-args", "-r", f"__ns:={NAMESPACE}", "--log-level", "warn"]
    for rule in rules:
        arguments += ["-p", rule]
    return arguments


def back_and_forth(images: Sequence[np.ndarray]) -> list[Image]:
    """Messages of images (H, W, 3) that may be repeated without a jump."""
    messages = []
    for image in [*images, *images[-2:0:-1]]:
        height, width = image.shape[:2]
        message = Image(height=height, width=width, encoding="rgb8", step=3 * width)
        message.header.frame_id = "camera"
        message.data = array.array("B", image.tobytes())
        messages.append(message)
    return messages


def play(
    camera: Camera, images: Sequence[Image], frames: int, process: int, reference: Reference
) -> Run:
    """Send so many images."""
    moments: list[Moment] = []
    references, sent = [], 0
    for index in range(frames):
        image = images[index % len(images)]
        if index % CUT_SHORT_EVERY == CUT_SHORT_EVERY - 1:
            camera.images.publish(cut_short(image, (index + 1) * FRAME_NS - FRAME_NS // 2))
            sent += 1
            time.sleep(LEAD_S)
        image.header.stamp = ns_to_stamp((index + 1) * FRAME_NS)
        started = time.perf_counter()
        camera.send(image)
        sent += 1
        moments.append(moment(process, time.perf_counter() - started, camera.keyframes()))
        if len(moments) % PACE_EVERY == 0:
            references.append(reference.seconds())
    return Run(moments, references, sent)


def cut_short(image: Image, stamp_ns: int) -> Image:
    """Without the last byte of its data."""
    short = Image(header=image.header, height=image.height, width=image.width, step=image.step)
    short.header.stamp = ns_to_stamp(stamp_ns)
    short.encoding = image.encoding
    short.data = image.data[:-1]
    return short


def moment(process: int, latency_s: float, keyframes: int) -> Moment:
    """Of a process of Linux."""
    status = Path(f"/proc/{process}/status").read_text()
    own = dict(line.split(":", 1) for line in status.splitlines())
    kilobytes = sum(int(own[name].split()[0]) for name in ("RssAnon", "VmSwap"))
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    ticks = int(fields[11]) + int(fields[12])  # user and system
    return Moment(
        kilobytes * 1024 / 1e6,
        ticks / os.sysconf("SC_CLK_TCK"),
        latency_s,
        keyframes,
    )


if __name__ == "__main__":
    sys.exit(main())
