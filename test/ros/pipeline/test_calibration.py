"""CameraInfo is used as it comes: late, changed, zero or wrong; each change is said once."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sensor_msgs.msg import CameraInfo

from mem4d_ros.ros.interface.settings import InputSettings
from mem4d_ros.ros.pipeline.calibration import Calibration
from mem4d_ros.ros.reporting import Reporter
from mem4d_ros.sensor_messages.lens import StraightImage

IMAGE = np.zeros((48, 64, 3), np.uint8)


def info(focal_length: float = 50.0, width: int = 64, **changes: object) -> CameraInfo:
    k = [focal_length, 0, 31.5, 0, focal_length, 23.5, 0, 0, 1]
    return CameraInfo(width=width, height=48, k=k, **changes)


def apply(
    calibration: Calibration, message: CameraInfo | None, topic: str = "/cam/image", **how: Any
) -> StraightImage:
    return calibration.apply(IMAGE, message, topic, InputSettings(**how))


class Log:
    def __init__(self) -> None:
        self.lines: list[str] = []

    def info(self, message: str) -> None:
        self.lines.append(message)

    warning = error = info


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.fixture
def calibration(log: Log) -> Calibration:
    return Calibration(Reporter(log))


def test_a_late_camera_info_is_used_from_then_on(calibration: Calibration, log: Log) -> None:
    found = [apply(calibration, message) for message in (None, None, info(), info())]
    assert [image.intrinsics is None for image in found] == [True, True, False, False]
    assert found[3].intrinsics is not None
    assert found[3].intrinsics[0, 0] == 50
    assert [line.partition(" (")[0] for line in log.lines] == [
        "there is no CameraInfo",
        "intrinsics are CameraInfo's K",
    ]


def test_a_changed_camera_info_is_used_at_once(calibration: Calibration) -> None:
    found = [apply(calibration, info(f)).intrinsics for f in (50.0, 60.0)]
    assert [matrix is not None and matrix[0, 0] for matrix in found] == [50, 60]


def test_a_zero_camera_info_means_not_calibrated(calibration: Calibration, log: Log) -> None:
    for _ in range(3):
        image = apply(calibration, CameraInfo())
        assert image.intrinsics is None
    assert log.lines == ["CameraInfo has no calibration (K is 0): intrinsics are predicted"]


@pytest.mark.parametrize("unusable", [CameraInfo(), info(width=640)], ids=["zeros", "too wide"])
def test_a_calibration_that_is_gone_for_a_moment_holds(
    calibration: Calibration, log: Log, unusable: CameraInfo
) -> None:
    found = [apply(calibration, message).intrinsics for message in (info(), unusable, info())]
    assert [matrix is not None and matrix[0, 0] for matrix in found] == [50, 50, 50]
    assert "the one before counts" in log.lines[1]


def test_a_camera_info_of_another_camera_is_not_used(calibration: Calibration, log: Log) -> None:
    assert apply(calibration, info(width=640)).intrinsics is None
    assert "CameraInfo is not used" in log.lines[0]


DISTORTED = info(
    distortion_model="plumb_bob",
    d=[-0.2, 0.0, 0.0, 0.0, 0.0],
    p=[40.0, 0, 31, 0, 0, 40, 23, 0, 0, 0, 1, 0],
)


@pytest.mark.parametrize(
    ("topic", "how", "focal_length", "is_remapped"),
    [
        ("/cam/image_raw", {}, 40, True),
        ("/cam/image_raw", {"undistort": False}, 50, False),
        ("/cam/image_raw", {"rectified": "yes"}, 40, False),
        ("/cam/image_rect", {}, 40, False),
        ("/cam/image_rect", {"rectified": "no", "undistort": False}, 50, False),
    ],
)
def test_the_camera_is_that_of_the_image(
    calibration: Calibration,
    topic: str,
    how: dict[str, Any],
    focal_length: float,
    is_remapped: bool,
) -> None:
    straight = apply(calibration, DISTORTED, topic, **how)
    assert straight.intrinsics is not None
    assert straight.intrinsics[0, 0] == focal_length
    assert (straight.image is not IMAGE) == is_remapped


def test_no_image_is_lost_for_its_distortion(calibration: Calibration, log: Log) -> None:
    straight = apply(calibration, info(distortion_model="fancy", d=[0.1] * 4))
    assert straight.image is IMAGE
    assert straight.intrinsics is not None
    assert "the images stay distorted" in log.lines[0]
    assert "distortion model is 'fancy'" in log.lines[0]
