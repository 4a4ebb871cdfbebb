"""CameraInfo is used as it comes: late, changed, zero or wrong; each change is said once."""

from __future__ import annotations

import numpy as np
import pytest
from sensor_msgs.msg import CameraInfo

from mem4d_ros.ros.pipeline.calibration import Calibration
from mem4d_ros.ros.reporting import Reporter
from mem4d_ros.runtime import FrameRejected

IMAGE = np.zeros((48, 64, 3), np.uint8)


def info(focal_length: float = 50.0, width: int = 64, **changes: object) -> CameraInfo:
    k = [focal_length, 0, 31.5, 0, focal_length, 23.5, 0, 0, 1]
    return CameraInfo(width=width, height=48, k=k, **changes)


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
    found = [calibration.apply(IMAGE, message, False) for message in (None, None, info(), info())]
    assert [image.intrinsics is None for image in found] == [True, True, False, False]
    assert found[3].intrinsics is not None
    assert found[3].intrinsics[0, 0] == 50
    assert [line.split(":")[0] for line in log.lines] == [
        "there is no CameraInfo (yet)",
        "intrinsics are CameraInfo's",
    ]


def test_a_changed_camera_info_is_used_at_once(calibration: Calibration) -> None:
    found = [calibration.apply(IMAGE, info(f), False).intrinsics for f in (50.0, 60.0)]
    assert [matrix is not None and matrix[0, 0] for matrix in found] == [50, 60]


def test_a_zero_camera_info_means_not_calibrated(calibration: Calibration, log: Log) -> None:
    for _ in range(3):
        image = calibration.apply(IMAGE, CameraInfo(), False)
        assert image.intrinsics is None
        assert image.camera_info is None
    assert log.lines == ["CameraInfo has no calibration (K is 0): intrinsics are predicted"]


def test_a_camera_info_of_another_camera_is_not_used(calibration: Calibration, log: Log) -> None:
    assert calibration.apply(IMAGE, info(width=640), False).intrinsics is None
    assert "CameraInfo is not used" in log.lines[0]


def test_undistorted_images_have_no_distortion_left(calibration: Calibration) -> None:
    distorted = info(distortion_model="plumb_bob", d=[-0.2, 0.0, 0.0, 0.0, 0.0])
    plain = calibration.apply(IMAGE, distorted, False)
    assert plain.image is IMAGE
    assert plain.camera_info is distorted
    straight = calibration.apply(IMAGE, distorted, True)
    assert straight.image is not IMAGE
    assert straight.camera_info is None
    np.testing.assert_array_equal(straight.intrinsics, plain.intrinsics)


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (None, "no CameraInfo has arrived yet"),
        (CameraInfo(), "K is 0: calibrate"),
        (info(distortion_model="fancy"), "distortion model is 'fancy'"),
    ],
)
def test_what_cannot_be_undistorted_as_asked_is_rejected(
    calibration: Calibration, message: CameraInfo | None, reason: str
) -> None:
    with pytest.raises(FrameRejected, match=f"input.undistort is set, but .*{reason}"):
        calibration.apply(IMAGE, message, True)
