"""Whether images arrive, and whether every point lies at its own pixel, over DDS.

    python bench/camera.py --dataset 7scenes --root <folder> [--no-camera-info] [--rate 2]

The node runs in a process of its own with its default settings; images are bgr8 from a default
publisher of this process. A point's pixel is its place in the order of the depth image.
"""

from __future__ import annotations

import argparse
import array
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import rclpy
from mem4d_ros.msg import Mem4DStatus
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from sensor_msgs.msg import CameraInfo, Image, PointCloud2
from sensor_msgs_py import point_cloud2

from mem4d_ros.datasets import Sample, open_dataset
from mem4d_ros.geometry import project
from mem4d_ros.ros.conversions.stamps import ns_to_stamp
from mem4d_ros.sensor_messages.stamps import stamp_to_ns

PATIENCE_S = 120.0
SIZE = (640, 480)


class Stranger(Node):
    """A camera's driver and somebody who listens, with default qualities of service."""

    def __init__(self) -> None:
        super().__init__("stranger")
        self.images = self.create_publisher(Image, "camera/image_raw", 10)
        self.infos = self.create_publisher(CameraInfo, "camera/camera_info", 10)
        self.status: Mem4DStatus | None = None
        self.heard: dict[type, dict[int, object]] = {}
        for kind, name in (
            (PointCloud2, "points_camera"),
            (Image, "depth/image"),
            (CameraInfo, "depth/camera_info"),
        ):
            by_stamp: dict[int, object] = self.heard.setdefault(kind, {})
            self.create_subscription(kind, f"mem4d/{name}", keeper(by_stamp), 50)
        self.create_subscription(Mem4DStatus, "mem4d/status", self._on_status, 10)

    def send(self, image: np.ndarray, intrinsics: np.ndarray | None) -> None:
        """Publish an image (H, W, 3) uint8 RGB and, where they are given, its intrinsics."""
        height, width = image.shape[:2]
        message = Image(height=height, width=width, encoding="bgr8", step=3 * width)
        message.header.stamp = ns_to_stamp(time.time_ns())
        message.header.frame_id = "camera_optical"
        message.data = array.array("B", image[..., ::-1].tobytes())
        if intrinsics is not None:
            info = CameraInfo(header=message.header, height=height, width=width)
            info.distortion_model, info.d = "plumb_bob", [0.0] * 5
            info.k = intrinsics.flatten().tolist()
            self.infos.publish(info)
        self.images.publish(message)

    def _on_status(self, status: Mem4DStatus) -> None:
        self.status = status


def keeper(by_stamp: dict[int, object]) -> Callable[[Any], None]:
    """A callback that keeps messages."""
    return lambda message: by_stamp.__setitem__(stamp_to_ns(message.header.stamp), message)


def misses(stranger: Stranger) -> tuple[list[np.ndarray], int]:
    """Pixels between each point's projection and its own pixel, by frame; frames left out."""
    clouds, depths, infos = (stranger.heard[kind] for kind in (PointCloud2, Image, CameraInfo))
    found, left_out = [], 0
    for stamp in clouds.keys() & depths.keys() & infos.keys():
        depth = np.frombuffer(depths[stamp].data, np.float32)
        depth = depth.reshape(depths[stamp].height, depths[stamp].width)
        rows, columns = np.nonzero(np.isfinite(depth))
        records = point_cloud2.read_points(clouds[stamp])
        if len(records) != len(rows):  # some were not confident enough: the order says nothing
            left_out += 1
            continue
        points = np.stack([records[axis] for axis in "xyz"], -1).astype(np.float64)
        pixels, _ = project(points, np.array(infos[stamp].k).reshape(3, 3))
        found.append(np.linalg.norm(pixels - np.stack([columns, rows], -1), axis=-1))
    return found, left_out


def resized(sample: Sample) -> tuple[np.ndarray, np.ndarray]:
    """Image of SIZE and its intrinsics, cut where the aspect ratio differs."""
    assert sample.intrinsics is not None
    height, width = sample.image.shape[:2]
    scale = max(SIZE[0] / width, SIZE[1] / height)
    image = cv2.resize(sample.image, None, fx=scale, fy=scale)[: SIZE[1], : SIZE[0]]
    return np.ascontiguousarray(image), np.diag([scale, scale, 1.0]) @ sample.intrinsics


def play(stranger: Stranger, options: argparse.Namespace) -> int:
    """Send the recording's frames; how many there were."""
    deadline = time.monotonic() + PATIENCE_S
    while not stranger.images.get_subscription_count() or stranger.status is None:
        if time.monotonic() > deadline:
            raise TimeoutError("the node does not listen")
        time.sleep(0.1)
    time.sleep(1.0)
    sent = 0
    samples = open_dataset(options.dataset, options.root)[0]
    for sample in islice(samples, 0, options.frames * options.stride, options.stride):
        due = time.monotonic() + 1 / options.rate
        image, intrinsics = resized(sample)
        stranger.send(image, None if options.no_camera_info else intrinsics)
        sent += 1
        time.sleep(max(0.0, due - time.monotonic()))
    time.sleep(options.settle)
    return sent


def main() -> None:
    """Play a recording to the node and print what became of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dataset", required=True)
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--frames", type=int, default=30)
    parser.add_argument("--stride", type=int, default=1)
    parser.add_argument("--rate", type=float, default=2.0, help="images per second")
    parser.add_argument("--settle", type=float, default=5.0, help="seconds after the last image")
    parser.add_argument("--no-camera-info", action="store_true")
    options = parser.parse_args()
    os.environ.setdefault("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    remaps = ["image:=camera/image_raw", "camera_info:=camera/camera_info"]
    arguments = [part for remap in remaps for part in ("-r", remap)]
    node = subprocess.Popen(["mem4d_node", "--ros-args", *arguments])
    rclpy.init()
    stranger = Stranger()
    executor = SingleThreadedExecutor()
    executor.add_node(stranger)
    thread = threading.Thread(target=executor.spin)
    thread.start()
    try:
        sent = play(stranger, options)
    finally:
        node.send_signal(signal.SIGINT)
        node.wait(30)
        executor.shutdown()
        thread.join()
        rclpy.try_shutdown()
    status = stranger.status
    assert status is not None
    print(
        f"{sent} images of {SIZE[0]}x{SIZE[1]} sent at {options.rate:g} Hz:"
        f" {status.frames_received} received, {status.frames_processed} processed,"
        f" {status.frames_dropped} dropped, {status.frames_rejected} rejected"
    )
    found, left_out = misses(stranger)
    if not found:
        raise SystemExit("no frame whose cloud, depth and camera_info all arrived")
    every = np.concatenate(found)
    print(
        f"{len(found)} frames ({left_out} left out): points miss their pixel by"
        f" {np.median(every):.4f} px in the median, {every.max():.4f} px at most"
    )


if __name__ == "__main__":
    main()
