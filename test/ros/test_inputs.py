"""Images come raw or compressed, under any name; silence and mismatches are explained."""

import array

import cv2
import numpy as np
import pytest
from rclpy.qos import QoSProfile, ReliabilityPolicy
from ros_probe import make_image
from sensor_msgs.msg import CompressedImage, Image, PointCloud2

BEST_EFFORT = QoSProfile(depth=10, reliability=ReliabilityPolicy.BEST_EFFORT)
RELIABLE = QoSProfile(depth=10, reliability=ReliabilityPolicy.RELIABLE)


def compressed(image: Image, kind: str) -> CompressedImage:
    pixels = np.frombuffer(image.data, np.uint8).reshape(image.height, image.width, 3)
    data = cv2.imencode(f".{kind}", pixels[..., ::-1])[1].tobytes()
    return CompressedImage(header=image.header, format=kind, data=array.array("B", data))


@pytest.mark.parametrize("qos", [BEST_EFFORT, RELIABLE])
def test_any_publisher_is_heard_by_default(start, qos):
    ros = start()
    ros.play(ros.talker(Image, "/image", qos), make_image())
    assert ros.status().frames_processed == 1


@pytest.mark.parametrize("kind", ["jpg", "png"])
def test_compressed_images(start, kind):
    ros = start(input={"image_transport": "compressed"})
    clouds = ros.listen(PointCloud2, "/mem4d/points_camera")
    ros.play(ros.talker(CompressedImage, "/image/compressed"), compressed(make_image(), kind))
    assert ros.wait_for(lambda: clouds)[0].header == make_image().header


def test_a_broken_compressed_image_costs_one_frame(start):
    ros = start(input={"image_transport": "compressed"})
    images = ros.talker(CompressedImage, "/image/compressed")
    broken = compressed(make_image(1), "jpg")
    broken.data = broken.data[: len(broken.data) // 2]
    ros.play(images, broken, compressed(make_image(2), "jpg"))
    status = ros.status()
    assert (status.frames_received, status.frames_processed, status.frames_rejected) == (2, 1, 1)


@pytest.mark.parametrize(
    ("message_type", "topic", "transport"),
    [
        (Image, "/camera/image_raw", "raw"),
        (CompressedImage, "/camera/image_raw/compressed", "compressed"),
    ],
)
def test_both_transports_follow_the_remapped_image_topic(start, message_type, topic, transport):
    ros = start(remappings=("image:=/camera/image_raw",), input={"image_transport": transport})
    ros.talker(message_type, topic)


def test_all_names_follow_the_namespace(start):
    ros = start(remappings=("__ns:=/robot1",))
    assert ros.node.get_fully_qualified_name() == "/robot1/mem4d"
    ros.talker(Image, "/robot1/image")


def test_a_reliable_subscription_names_a_best_effort_publisher(start, capfd):
    ros = start(input={"reliability": "reliable", "watchdog_s": 0.1})
    ros.probe.create_publisher(Image, "/image", BEST_EFFORT)
    ros.wait_for(lambda: "input.reliability" in ros.status().last_error)
    assert "/image" in ros.status().last_error
    log = ""

    def explained():
        nonlocal log
        log += capfd.readouterr().err
        return "no image on /image" in log and "does not match" in log

    ros.wait_for(explained, "the watchdog's explanation")


def test_the_watchdog_names_the_topic_that_nobody_publishes(start, capfd):
    ros = start(input={"watchdog_s": 0.1})
    log = ""

    def explained():
        nonlocal log
        log += capfd.readouterr().err
        return "no image on /image" in log

    ros.wait_for(explained, "the watchdog's warning")
    assert "nobody publishes there" in log
