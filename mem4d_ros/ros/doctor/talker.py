"""`python -m mem4d_ros.ros.doctor.talker TOPIC RELIABILITY COUNT`: a camera for the loop-back.

It waits for a subscription, sends COUNT grey images of 640x480 at RATE_HZ, and prints how many.
"""

from __future__ import annotations

import array
import os
import sys
import time

import rclpy
from rclpy.duration import Duration
from rclpy.qos import ReliabilityPolicy
from sensor_msgs.msg import Image

from mem4d_ros.ros.doctor.watching import qos

WIDTH, HEIGHT = 640, 480
RATE_HZ = 30.0
PATIENCE_S = 10.0


def main() -> None:
    """Send."""
    topic, reliability, count = sys.argv[1], ReliabilityPolicy[sys.argv[2]], int(sys.argv[3])
    rclpy.init()
    node = rclpy.create_node("mem4d_doctor_camera", enable_rosout=False)
    publisher = node.create_publisher(Image, topic, qos(reliability, depth=10))
    deadline = time.monotonic() + PATIENCE_S
    while not publisher.get_subscription_count() and time.monotonic() < deadline:
        time.sleep(0.01)
    image = Image(width=WIDTH, height=HEIGHT, encoding="rgb8", step=3 * WIDTH)
    image.header.frame_id = "mem4d_doctor"
    image.data = array.array("B", b"\x7f" * (3 * WIDTH * HEIGHT))
    started = time.monotonic()
    for index in range(count):
        time.sleep(max(0.0, started + index / RATE_HZ - time.monotonic()))
        publisher.publish(image)
    publisher.wait_for_all_acked(Duration(seconds=2))
    node.destroy_node()  # else its segment of shared memory would be left behind
    print(count, flush=True)
    os._exit(0)


if __name__ == "__main__":
    main()
