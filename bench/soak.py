"""The node for as long as one likes, back to back: its memory, its pace, and what became of frames.

    python bench/soak.py --frames 10000                      # lite
    python bench/soak.py --frames 10000 --image-size 64      # lite on small images

mem4d_node runs in a process of its own and hears the next image as soon as the last one is
published, which is the highest rate it holds. A CameraInfo comes with each. Every output has a
listener. Among the images are some that are cut short, which it must reject. The exit status is 1
if a frame is unaccounted for, or if memory or time a frame grew between the first and the last
tenth after the warm-up.

A machine's pace changes with what else it does. So after every few frames this process times a step
of the same network, always from the same state, and it is the ratio of the two that must not grow.
"""

from __future__ import annotations

import argparse
import array
import os
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

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
MAX_GROWTH_MB = 20.0
MAX_SLOWDOWN = 1.15
PACE_EVERY = 5
"""Frames between two looks at the machine's pace."""
LOOKS = 4
"""Of which the median is compared with the frames between them."""
BLOCK = PACE_EVERY * LOOKS

Value = TypeVar("Value")


@dataclass(frozen=True)
class Moment:
    """The node's process when a frame was published."""

    memory_mb: float  # of its own, in memory or swapped out; files and segments that it maps aside
    cpu_s: float  # since it started
    latency_s: float  # image out to odometry in, here
    keyframes: int  # in the map, as last heard


@dataclass(frozen=True)
class Seconds:
    """How long something took: of a clock on the wall, and of a processor."""

    wall: float
    cpu: float


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


@dataclass(frozen=True)
class Run:
    """A moment of each frame, the reference after every few, and how many were sent."""

    moments: Sequence[Moment]
    references: Sequence[Seconds]
    sent: int  # with those cut short

    def after(self, warm_up: int) -> Run:
        """Without the blocks that have one of the first frames."""
        looks = -(-warm_up // PACE_EVERY)
        return Run(self.moments[looks * PACE_EVERY :], self.references[looks:], self.sent)

    def paces(self) -> list[Seconds]:
        """Time a frame by that of the reference, block by block.

        What the node does beside its frames, as adjusting its map, is in the processor's time.
        """
        found = []
        for begin in range(0, len(self.references) - LOOKS + 1, LOOKS):
            block = self.moments[begin * PACE_EVERY :][:BLOCK]
            reference = median(self.references[begin:][:LOOKS])
            latency = float(np.median([moment.latency_s for moment in block]))
            found.append(Seconds(latency / reference.wall, cpu_s(block) / reference.cpu))
        return found


def median(times: Sequence[Seconds]) -> Seconds:
    """By each clock."""
    return Seconds(
        float(np.median([time.wall for time in times])),
        float(np.median([time.cpu for time in times])),
    )


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


def accounted(status: Mem4DStatus) -> int:
    """Frames of which the node says what became of them."""
    return status.frames_processed + status.frames_dropped + status.frames_rejected


def tenths(values: Sequence[Value]) -> list[Sequence[Value]]:
    """Ten parts, in order; what does not divide goes with the last."""
    size = max(1, len(values) // 10)
    return [values[i * size : (i + 1) * size if i < 9 else None] for i in range(10)]


def growth_mb(moments: Sequence[Moment]) -> float:
    """Of the memory, between the medians of the first and the last tenth."""
    first, *_, last = (np.median([m.memory_mb for m in part]) for part in tenths(moments))
    return float(last - first)


def cpu_s(part: Sequence[Moment]) -> float:
    """The node's a frame."""
    return (part[-1].cpu_s - part[0].cpu_s) / (len(part) - 1)


def slowdown(run: Run) -> Seconds:
    """Time a frame in the last tenth by that in the first, both by the reference's."""
    first, *_, last = (median(part) for part in tenths(run.paces()))
    return Seconds(last.wall / first.wall, last.cpu / first.cpu)


def is_sound(run: Run, status: Mem4DStatus) -> bool:
    """Whether all is accounted for, and nothing grows."""
    slower = slowdown(run)
    return (
        status.frames_received == accounted(status) == run.sent
        and growth_mb(run.moments) <= MAX_GROWTH_MB
        and max(slower.wall, slower.cpu) <= MAX_SLOWDOWN
    )


def report(run: Run, status: Mem4DStatus) -> str:
    """The figures, after the warm-up."""
    moments, slower = run.moments, slowdown(run)
    parts = tenths(moments)
    latency = np.array([m.latency_s for m in moments])
    p50, p95, p99, worst = 1e3 * np.percentile(latency, (50, 95, 99, 100))
    early, late = (1e3 * np.median([m.latency_s for m in part]) for part in (parts[0], parts[-1]))
    first, *_, last = (median(part) for part in tenths(run.references))
    paces = [median(part) for part in tenths(run.paces())]
    return "\n".join(
        [
            f"frames     sent {run.sent}, received {status.frames_received}: processed"
            f" {status.frames_processed}, dropped {status.frames_dropped}, rejected"
            f" {status.frames_rejected}, unaccounted {run.sent - accounted(status)}",
            f"geometry   {status.map_keyframes} keyframes, {status.map_landmarks} landmarks,"
            f" {'given' if status.camera_info_used else 'predicted'} intrinsics",
            f"rate       {len(latency) / latency.sum():.2f} Hz over {len(latency)} frames",
            f"latency    median {p50:.1f}, p95 {p95:.1f}, p99 {p99:.1f}, most {worst:.1f} ms",
            f"           median {early:.1f} ms in the first tenth, {late:.1f} in the last",
            f"processor  {1e3 * cpu_s(parts[0]):.1f} ms a frame in the first tenth,"
            f" {1e3 * cpu_s(parts[-1]):.1f} in the last",
            f"reference  {1e3 * first.cpu:.1f} ms of a processor in the"
            f" first tenth, {1e3 * last.cpu:.1f} in the last",
            f"by it      processor, tenth by tenth: {listed(pace.cpu for pace in paces)}",
            f"           latency: {listed(pace.wall for pace in paces)}",
            f"           keyframes: {' '.join(str(part[-1].keyframes) for part in parts)}",
            f"growth     processor {slower.cpu:.2f}, latency {slower.wall:.2f} times the first"
            " tenth's in the last, both by the reference",
            f"memory     {parts[0][0].memory_mb:.1f} MB after the warm-up,"
            f" {growth_mb(moments):+.2f} MB from the first tenth to the last",
        ]
    )


def listed(ratios: Iterable[float]) -> str:
    """In figures."""
    return " ".join(f"{ratio:.2f}" for ratio in ratios)


if __name__ == "__main__":
    sys.exit(main())
