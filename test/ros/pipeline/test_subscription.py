"""Over DDS: nothing is lost of a publisher that offers reliability, and others are heard, too."""

from __future__ import annotations

import time

import pytest
from mem4d_ros.msg import Mem4DStatus
from node_process import INTRODUCTION, NodeProcess
from rclpy.publisher import Publisher
from rclpy.qos import QoSProfile, ReliabilityPolicy
from ros_probe import Ros, Start, connected, make_image
from sensor_msgs.msg import CameraInfo, Image

RELIABLE = QoSProfile(depth=10)
BEST_EFFORT = QoSProfile(depth=10, reliability=ReliabilityPolicy.BEST_EFFORT)
FRAMES, RATE_HZ = 25, 5


def test_nothing_of_a_default_publisher_is_lost_between_processes() -> None:
    """As a camera's driver publishes: 640x480, reliable, without a profile of Fast DDS."""
    with connected() as ros:
        node = NodeProcess()
        try:
            node.wait_for(INTRODUCTION)
            ros.listen(Mem4DStatus, "/mem4d/status")
            images = ros.talker(Image, "/image", RELIABLE)
            for index in range(FRAMES):
                images.publish(make_image(1 + index / RATE_HZ, 640, 480))
                time.sleep(1 / RATE_HZ)
            ros.wait_for(lambda: ros.status().frames_received == FRAMES)
        finally:
            node.stop()
    assert "/image is received with reliability reliable" in node.log


def heard(ros: Ros, publisher: Publisher, patience: int = 60) -> bool:
    """Whether an image arrives, of some that are published until one does."""
    before = ros.status().frames_received
    for attempt in range(patience):
        publisher.publish(make_image(time.time() % 1000 + attempt))
        time.sleep(0.1)
        if ros.status().frames_received > before:
            return True
    return False


def asked(ros: Ros) -> ReliabilityPolicy | None:
    """What the node's subscription asks for; None between one subscription and the next."""
    found = ros.node.get_subscriptions_info_by_topic("/image")
    return found[0].qos_profile.reliability if len(found) == 1 else None


@pytest.mark.parametrize("qos", [RELIABLE, BEST_EFFORT])
def test_any_publisher_is_heard(start: Start, qos: QoSProfile) -> None:
    ros = start()
    assert heard(ros, ros.probe.create_publisher(Image, "/image", qos))
    ros.wait_for(lambda: asked(ros) == qos.reliability)


def test_publishers_that_come_and_go_are_followed_and_it_is_said(
    start: Start, capfd: pytest.CaptureFixture[str]
) -> None:
    ros = start()
    first = ros.probe.create_publisher(Image, "/image", RELIABLE)
    assert heard(ros, first)
    log = ""

    def said() -> list[str]:
        nonlocal log
        log += capfd.readouterr().err
        parts = [
            line.partition("/image is received with reliability ") for line in log.splitlines()
        ]
        return [what for _, found, what in parts if found]

    reliable, best_effort = "reliable: all publishers offer it", "best effort: offer no more"
    ros.wait_for(lambda: said() == [f"{reliable} (/probe)"])
    assert asked(ros) == ReliabilityPolicy.RELIABLE
    second = ros.probe.create_publisher(Image, "/image", BEST_EFFORT)
    ros.wait_for(lambda: asked(ros) == ReliabilityPolicy.BEST_EFFORT)
    assert heard(ros, first)
    assert heard(ros, second)
    ros.probe.destroy_publisher(second)
    ros.wait_for(lambda: asked(ros) == ReliabilityPolicy.RELIABLE)
    assert heard(ros, first)
    assert said()[:2] == [f"{reliable} (/probe)", f"{best_effort} (/probe)"]


@pytest.mark.parametrize("fixed", ["reliable", "best_effort"])
def test_what_is_set_stays(start: Start, fixed: str) -> None:
    ros = start(input={"reliability": fixed})
    for qos in (RELIABLE, BEST_EFFORT):
        ros.probe.create_publisher(Image, "/image", qos)
    ros.wait_for(lambda: ros.node.count_publishers("/image") == 2)
    time.sleep(1.2)  # two looks at the publishers
    assert asked(ros) == ReliabilityPolicy[fixed.upper()]


@pytest.mark.parametrize("qos", [RELIABLE, BEST_EFFORT])
def test_camera_info_is_heard_of_any_publisher(start: Start, qos: QoSProfile) -> None:
    ros = start()
    k = [50.0, 0, 31.5, 0, 50.0, 23.5, 0, 0, 1]
    infos = ros.probe.create_publisher(CameraInfo, "/camera_info", qos)
    images = ros.talker(Image, "/image")
    for attempt in range(60):
        infos.publish(CameraInfo(width=64, height=48, k=k))
        time.sleep(0.1)
        ros.play(images, make_image(1 + attempt))
        if ros.status().camera_info_used:
            break
    assert ros.status().camera_info_used
