"""Publish the images of a folder, as a camera's driver does; run as a program."""

from __future__ import annotations

import argparse
import array
import time
from pathlib import Path

import cv2
import rclpy
from builtin_interfaces.msg import Time
from rclpy.duration import Duration
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

FRAME_ID = "kinect_optical"
START_S = 1000


def stamp_of(index: int, rate_hz: float) -> Time:
    """The stamp of the image of this number."""
    nanoseconds = START_S * 1_000_000_000 + round(index / rate_hz * 1e9)
    return Time(sec=nanoseconds // 1_000_000_000, nanosec=nanoseconds % 1_000_000_000)


def raw(path: Path) -> Image:
    """As usb_cam and most others publish it."""
    pixels = cv2.imread(str(path))
    height, width = pixels.shape[:2]
    image = Image(height=height, width=width, encoding="bgr8", step=3 * width)
    image.data = array.array("B", pixels.tobytes())
    return image


def compressed(path: Path) -> CompressedImage:
    """As compressed_image_transport publishes it."""
    kind = {".jpg": "jpeg", ".png": "png"}[path.suffix]
    return CompressedImage(format=f"bgr8; {kind} compressed bgr8", data=path.read_bytes())


def camera_info(intrinsics: Path, image: Path) -> CameraInfo:
    """From a 3x3 matrix in a text file."""
    height, width = cv2.imread(str(image)).shape[:2]
    k = [float(word) for word in intrinsics.read_text().split()]
    return CameraInfo(height=height, width=width, k=k)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("images", type=Path, nargs="+")
    parser.add_argument("--intrinsics", type=Path, required=True)
    parser.add_argument("--rate", type=float, required=True)
    parser.add_argument("--compressed", action="store_true")
    arguments = parser.parse_args()

    rclpy.init()
    node = rclpy.create_node("camera")
    topic = "image/compressed" if arguments.compressed else "image"
    read = compressed if arguments.compressed else raw
    images = node.create_publisher(CompressedImage if arguments.compressed else Image, topic, 10)
    infos = node.create_publisher(CameraInfo, "camera_info", 10)
    while not (images.get_subscription_count() and infos.get_subscription_count()):
        time.sleep(0.01)
    info = camera_info(arguments.intrinsics, arguments.images[0])
    started = time.monotonic()
    for index, path in enumerate(arguments.images):
        message = read(path)
        message.header.frame_id = info.header.frame_id = FRAME_ID
        message.header.stamp = info.header.stamp = stamp_of(index, arguments.rate)
        time.sleep(max(0.0, started + index / arguments.rate - time.monotonic()))
        infos.publish(info)
        images.publish(message)
    images.wait_for_all_acked(Duration(seconds=10))
    rclpy.shutdown()


if __name__ == "__main__":
    main()
