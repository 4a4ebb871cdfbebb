"""The demo's camera: plays a folder of images, a video or a procedural scene as sensor_msgs/Image.

`python -m mem4d_ros.ros.demo.source --help`; its output is the number of frames that it sent.
"""

from __future__ import annotations

import argparse
import array
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import rclpy
from nav_msgs.msg import Odometry
from rclpy.duration import Duration
from rclpy.node import Node
from sensor_msgs.msg import CameraInfo, Image

from mem4d_ros.datasets import FrameError, open_frames, usable_frames
from mem4d_ros.ros.demo import topics
from mem4d_ros.sensor_messages.stamps import stamp_to_ns
from mem4d_ros.synthetic import DEMONSTRATION, render_sequence

MATCH_TIMEOUT_S = 60.0
DELIVERY_TIMEOUT_S = 30.0
ANSWER_TIMEOUT_S = 5.0
SCENE_SIZE = (240, 320)


class CameraError(RuntimeError):
    """The images cannot be played; the message says why."""


class Camera(Node):
    """Publishes images, stamped with the time at which each is sent; hears what became of them."""

    def __init__(self, intrinsics: np.ndarray | None) -> None:
        super().__init__("demo_camera")
        self._images = self.create_publisher(Image, topics.IMAGE, topics.IMAGE_QOS)
        self._infos = self.create_publisher(CameraInfo, topics.CAMERA_INFO, topics.IMAGE_QOS)
        self._intrinsics = intrinsics
        self._stamp_ns = 0  # of the newest image
        self._answered_ns = 0
        self.create_subscription(Odometry, topics.POSE, self._on_pose, 10)

    def wait_for_subscribers(self, expected: int, patience_s: float) -> None:
        """Block until that many listen, so that no frame is lost at the start."""
        deadline = time.monotonic() + patience_s
        while (count := self._images.get_subscription_count()) < expected:
            if time.monotonic() > deadline:
                raise CameraError(
                    f"{count} of {expected} subscribers to {self._images.topic_name} came within "
                    f"{patience_s:.0f} s"
                )
            time.sleep(0.05)

    def publish(self, image: np.ndarray) -> None:
        """Send an image (H, W, 3) uint8 RGB and, if they are known, its intrinsics."""
        height, width = image.shape[:2]
        message = Image(height=height, width=width, encoding="rgb8", step=3 * width)
        message.header.stamp = self.get_clock().now().to_msg()
        message.header.frame_id = topics.CAMERA_FRAME
        message.data = array.array("B", image.tobytes())
        if self._intrinsics is not None:
            info = CameraInfo(header=message.header, height=height, width=width)
            info.distortion_model = "plumb_bob"
            info.d = [0.0] * 5
            info.k = self._intrinsics.flatten().tolist()
            info.p = np.hstack([self._intrinsics, np.zeros((3, 1))]).flatten().tolist()
            self._infos.publish(info)
        self._images.publish(message)
        self._stamp_ns = stamp_to_ns(message.header.stamp)

    def wait_for_answer(self) -> None:
        """Block until the newest image has a pose, or will have none."""
        deadline = time.monotonic() + ANSWER_TIMEOUT_S
        while self._answered_ns < self._stamp_ns and time.monotonic() < deadline:
            rclpy.spin_once(self, timeout_sec=0.1)

    def _on_pose(self, pose: Odometry) -> None:
        self._answered_ns = stamp_to_ns(pose.header.stamp)

    def wait_for_delivery(self) -> None:
        """Block until every reliable subscriber has acknowledged every image."""
        if not self._images.wait_for_all_acked(Duration(seconds=DELIVERY_TIMEOUT_S)):
            raise CameraError(f"some images were not delivered within {DELIVERY_TIMEOUT_S:.0f} s")


def play(camera: Camera, images: Iterator[np.ndarray], rate_hz: float, paced: bool) -> int:
    """Publish the images at `rate_hz`, or, `paced`, as the node takes them; how many there were."""
    count, due_s = 0, time.monotonic()
    for image in images:
        time.sleep(max(0.0, due_s - time.monotonic()))
        due_s = (time.monotonic() if paced else due_s) + 1 / rate_hz
        camera.publish(image)
        count += 1
        if paced:
            camera.wait_for_answer()
    return count


def procedural_scene(seed: int, frames: int) -> tuple[list[np.ndarray], np.ndarray]:
    """Images (H, W, 3) uint8 of a procedural room and its intrinsics (3, 3)."""
    print(f"rendering {frames} frames of the procedural scene {seed} ...", file=sys.stderr)
    sequence = render_sequence(seed, frames, *SCENE_SIZE, settings=DEMONSTRATION)
    images = (sequence.images * 255).round().byte().permute(0, 2, 3, 1).numpy()
    return list(images), sequence.intrinsics[0].double().numpy()


def main() -> int:
    """Play one source to its end."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--source", type=Path, help="folder of images or video; else procedural")
    parser.add_argument("--rate", type=float, default=5.0, help="frames per second")
    parser.add_argument(
        "--paced", action="store_true", help="send an image only when the one before has a pose"
    )
    parser.add_argument("--frames", type=int, default=60, help="frames of the procedural scene")
    parser.add_argument("--seed", type=int, default=3, help="seed of the procedural scene")
    parser.add_argument(
        "--subscribers", type=int, default=1, help="number of subscribers to wait for"
    )
    parser.add_argument(
        "--patience", type=float, default=MATCH_TIMEOUT_S, help="seconds to wait for them"
    )
    options = parser.parse_args()
    try:
        if options.source is None:
            scene, intrinsics = procedural_scene(options.seed, options.frames)
            images: Iterator[np.ndarray] = iter(scene)
        else:
            frames = usable_frames(open_frames(options.source, complain), complain)
            images = (frame.image for frame in frames)
            intrinsics = None
        rclpy.init()
        camera = Camera(intrinsics)
        camera.wait_for_subscribers(options.subscribers, options.patience)
        count = play(camera, images, options.rate, options.paced)
        camera.wait_for_delivery()
    except (CameraError, FrameError) as error:
        print(f"demo source: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:  # the demo has been told as well, and says so
        return 130
    print(count)
    return 0


def complain(remark: str) -> None:
    """Say it where the demo shows it."""
    print(f"demo source: {remark}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
