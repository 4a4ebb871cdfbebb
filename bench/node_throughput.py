"""How many images a second the node makes beside a device that takes no part in its work.

What the network says of a recording is remembered first, and then handed out after a pause, in
which the processor is free, as while a GPU computes. Each image is offered as soon as the one
before was taken; another process listens to clouds, depth and odometry.
Usage: python bench/node_throughput.py --dataset 7scenes --root FOLDER [--pause-ms 12]
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from node_overhead import HEARD, NODE, absolute, listener, wait_for
from rclpy.node import Node
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from mem4d_ros.datasets import Sample, open_dataset
from mem4d_ros.model import FrameOutput, Mem4D, Mem4DConfig, MemorySizes, MemoryState
from mem4d_ros.model.evidence import Evidence
from mem4d_ros.ros.conversions.camera_info import to_camera_info
from mem4d_ros.ros.conversions.stamps import ns_to_stamp
from mem4d_ros.ros.engine import Engine
from mem4d_ros.ros.frame import IncomingFrame
from mem4d_ros.ros.interface.settings import Settings
from mem4d_ros.ros.loading import LoadedModel
from mem4d_ros.ros.reporting import Reporter
from mem4d_ros.ros.transport import profile_settings
from mem4d_ros.runtime import OnlineReconstructor
from mem4d_ros.runtime.host_memory import keep_freed_memory
from mem4d_ros.runtime.loading import load_network
from mem4d_ros.runtime.pose_sources import make_pose_source

NS = 1_000_000_000


class Remembering:
    """A network that keeps what it said of each frame; it is asked of some twice."""

    takes_evidence = True

    def __init__(self, model: Mem4D) -> None:
        self._model = model
        self.said: dict[int, FrameOutput] = {}

    def initial_state(self, memory: MemorySizes | None = None) -> MemoryState:
        """An empty memory."""
        return self._model.initial_state(memory)

    def step(
        self, image: torch.Tensor, state: MemoryState, evidence: Evidence | None = None
    ) -> tuple[FrameOutput, MemoryState]:
        """The network's own."""
        output, after = self._model.step(image, state, evidence)
        self.said.setdefault(state.frame_index, output)
        return output, after


class Remembered(Remembering):
    """Says the same again, after a pause; the next state has only counted."""

    def __init__(self, model: Mem4D, said: dict[int, FrameOutput], pause_s: float) -> None:
        super().__init__(model)
        self.said = said
        self._pause_s = pause_s
        self.newest = -1  # frame

    def step(
        self, image: torch.Tensor, state: MemoryState, evidence: Evidence | None = None
    ) -> tuple[FrameOutput, MemoryState]:
        """What was said of this frame."""
        self.newest = max(self.newest, state.frame_index)
        time.sleep(self._pause_s)
        return self.said[state.frame_index], replace(state, frame_index=state.frame_index + 1)


def reconstructor(
    model: Remembering, settings: Settings, config: Mem4DConfig
) -> OnlineReconstructor:
    """As the node's own is by default."""
    return OnlineReconstructor(
        model,
        config.image_size,
        config.memory,
        pose_source=make_pose_source("geometry", live=True),
        keyframes=settings.memory.keyframes(),
        keeps_area=config.keeps_area,
    )


def messages(samples: list[Sample]) -> Iterator[IncomingFrame]:
    """The recording's images as a camera's driver sends them, ten a second by their stamps."""
    for index, sample in enumerate(samples):
        height, width = sample.image.shape[:2]
        header = Header(frame_id="camera", stamp=ns_to_stamp(NS + index * NS // 10))
        image = Image(header=header, height=height, width=width, step=3 * width, encoding="rgb8")
        image.data.frombytes(np.ascontiguousarray(sample.image).tobytes())
        assert sample.intrinsics is not None
        info = to_camera_info(sample.intrinsics, height, width, header)
        yield IncomingFrame(image, info, time.monotonic())


def measure(samples: list[Sample], settings: Settings, pause_s: float) -> tuple[float, float]:
    """Wall and processor time of all frames, in s."""
    network = load_network("", "lite", "cpu", "fp32")
    config = network.model.config
    model = Remembering(network.model)
    first = reconstructor(model, settings, config)
    for index, sample in enumerate(samples):
        first.process(sample.image, index * NS // 10, sample.intrinsics)
    remembered = Remembered(network.model, model.said, pause_s)
    loaded = LoadedModel(
        reconstructor(remembered, settings, config), "", "", "cpu", "fp32", 256, MemorySizes()
    )
    node = Node(NODE)
    engine = Engine(node, lambda: settings, lambda _: loaded, Reporter(node.get_logger()))
    wait_for(lambda: all(node.count_subscribers(absolute(topic)) for topic in HEARD))
    frames = list(messages(samples))
    cpu, start = time.process_time(), time.monotonic()
    for number, frame in enumerate(frames):
        engine.pipeline.submit(frame)
        wait_for(lambda n=number: remembered.newest >= n, period_s=1e-3)
    wait_for(lambda: engine.pipeline.progress().counters.processed == len(frames))
    spent = time.monotonic() - start, time.process_time() - cpu
    engine.close()
    node.destroy_node()
    return spent


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dataset", required=True)
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--frames", type=int, default=200)
    parser.add_argument("--pause-ms", type=float, default=12.0, help="that the network takes")
    options = parser.parse_args()
    samples = list(islice(open_dataset(options.dataset, options.root)[0], options.frames))
    os.environ.update(profile_settings(os.environ))  # as the launch file does
    keep_freed_memory()
    with listener():
        wall, cpu = measure(samples, Settings(), options.pause_ms / 1e3)
    height, width = samples[0].image.shape[:2]
    count = len(samples)
    print(
        f"{width}x{height}, {count} frames, a network of {options.pause_ms:.0f} ms:"
        f" {count / wall:.1f} frames/s, {1e3 * cpu / count:.0f} ms of the processor each"
    )


if __name__ == "__main__":
    main()
