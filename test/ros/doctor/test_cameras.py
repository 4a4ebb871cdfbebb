"""Cameras of other processes, as the doctor sees them over DDS."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from doctor_process import findings_of_doctor
from rclpy.qos import QoSProfile, ReliabilityPolicy
from ros_probe import Ros, connected, make_image
from sensor_msgs.msg import CameraInfo, Image

from mem4d_ros.doctor.finding import Finding

PERIOD_S = 0.1


@pytest.fixture
def ros() -> Iterator[Ros]:
    with connected() as ros:
        yield ros


def publish(ros: Ros, topic: str, reliability: str, frame_id: str, info_width: int) -> None:
    """Images of 640x480 at 10 Hz from now on, with CameraInfo."""
    qos = QoSProfile(reliability=ReliabilityPolicy[reliability], depth=5)
    images = ros.probe.create_publisher(Image, topic, qos)
    infos = ros.probe.create_publisher(CameraInfo, f"{topic.rpartition('/')[0]}/camera_info", 5)
    image = make_image(width=640, height=480, frame_id=frame_id)
    info = CameraInfo(width=info_width, height=480, k=[500.0, 0, 320, 0, 500, 240, 0, 0, 1])

    def send() -> None:
        stamp = ros.probe.get_clock().now().to_msg()
        image.header.stamp = info.header.stamp = stamp
        info.header.frame_id = frame_id
        images.publish(image)
        infos.publish(info)

    ros.probe.create_timer(PERIOD_S, send)


def levels(found: list[Finding], topic: str) -> dict[str, str]:
    return {finding.name: finding.level for finding in found if finding.subject == topic}


def test_good_and_bad_cameras_are_told_apart(ros: Ros) -> None:
    publish(ros, "/good/image_raw", "RELIABLE", "good_optical", 640)
    publish(ros, "/bad/image_raw", "BEST_EFFORT", "", 1000)
    found = findings_of_doctor(seconds=2.0)
    assert {"ros.distribution", "ros.rmw", "dds.domain"} <= {finding.name for finding in found}
    assert levels(found, "/good/image_raw") == {
        "camera.arrival": "ok",
        "camera.qos": "ok",
        "camera.image": "ok",
        "camera.frame": "ok",
        "camera.stamp": "ok",
        "camera.info": "ok",
    }
    bad = levels(found, "/bad/image_raw")
    if bad["camera.frame"] == "skipped":
        pytest.skip("every best-effort image was lost")
    assert bad["camera.qos"] == "warning"
    assert bad["camera.frame"] == "error"
    assert bad["camera.info"] == "warning"
