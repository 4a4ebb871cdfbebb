"""What can be wrong with a camera, made up one by one."""

from __future__ import annotations

import array
from typing import Any

import pytest
from ros_probe import make_image
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from mem4d_ros.ros.doctor import camera_checks as checks
from mem4d_ros.ros.doctor.camera_seen import CameraSeen

K = [500.0, 0, 320, 0, 500, 240, 0, 0, 1]


def info(width: int = 640, height: int = 480, frame: str = "camera_optical", k: Any = K) -> Any:
    message = CameraInfo(width=width, height=height, k=[float(each) for each in k])
    message.header.frame_id = frame
    return message


def camera(**changes: Any) -> CameraSeen:
    """A camera that is well, with changes."""
    well: dict[str, Any] = {
        "topic": "/camera/image_raw",
        "kind": "sensor_msgs/msg/Image",
        "info_topic": "/camera/camera_info",
        "publishers": ("/camera",),
        "best_effort": False,
        "seconds": 2.0,
        "stamps_ns": [10**18 + index * 33_000_000 for index in range(60)],
        "delays_s": [0.02] * 60,
        "first": make_image(width=640, height=480),
        "info": info(),
    }
    return CameraSeen(**{**well, **changes})


def silent() -> CameraSeen:
    return camera(stamps_ns=[], delays_s=[], first=None, info=None)


def grey(level: int) -> Image:
    image = make_image(width=640, height=480)
    image.data = array.array("B", bytes([level]) * len(image.data))
    return image


@pytest.mark.parametrize("check", checks.CHECKS)
def test_a_good_camera_is_well(check: Any) -> None:
    finding = check(camera())
    assert finding.level == "ok", finding
    assert finding.subject == "/camera/image_raw"


@pytest.mark.parametrize("check", checks.CHECKS)
def test_every_check_says_something_of_a_silent_camera(check: Any) -> None:
    assert check(silent()).level in ("ok", "skipped", "warning", "error")


def test_nothing_arrives() -> None:
    finding = checks.check_arrival(silent())
    assert finding.level == "error"
    assert "/camera publishes it, but nothing came in 2.0 s" in finding.summary


def test_it_is_slow() -> None:
    assert checks.check_arrival(camera(stamps_ns=[1, 2])).level == "warning"


def test_large_images_best_effort() -> None:
    assert checks.check_qos(camera(best_effort=True)).level == "warning"
    small = make_image(width=160, height=120)
    assert checks.check_qos(camera(best_effort=True, first=small)).level == "ok"


def test_an_image_that_cannot_be_read() -> None:
    odd = make_image()
    odd.encoding = "bayer_from_the_moon"
    finding = checks.check_image(camera(first=odd))
    assert finding.level == "error"
    assert "bayer_from_the_moon" in finding.summary
    damaged = CompressedImage(format="jpeg", data=b"no jpeg")
    assert checks.check_image(camera(first=damaged)).level == "error"


@pytest.mark.parametrize(("level", "word"), [(0, "black"), (128, "one colour")])
def test_an_image_that_shows_nothing(level: int, word: str) -> None:
    finding = checks.check_image(camera(first=grey(level)))
    assert finding.level == "warning"
    assert word in finding.summary


def test_an_empty_frame() -> None:
    finding = checks.check_frame(camera(first=make_image(frame_id="")))
    assert finding.level == "error"
    assert "frames.camera" in finding.remedy


@pytest.mark.parametrize(
    ("changes", "level", "words"),
    [
        ({"stamps_ns": [0, 0, 0]}, "error", "are zero"),
        ({"stamps_ns": [2, 3, 1]}, "warning", "go back"),
        ({"stamps_ns": [2, 2]}, "warning", "repeat"),
        ({"delays_s": [1e6]}, "warning", "1000000.0 s old"),
        ({"delays_s": [-3.0]}, "warning", "3.0 s ahead"),
        ({"delays_s": [1e9], "time_is_simulated": True}, "ok", ""),
    ],
)
def test_stamps(changes: dict[str, Any], level: str, words: str) -> None:
    finding = checks.check_stamp(camera(**changes))
    assert finding.level == level
    assert words in finding.summary


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (None, "nothing came on /camera/camera_info"),
        (info(k=[0.0] * 9), "K is zero"),
        (info(1000, 480), "1000x480"),
        (info(frame="another"), "its frame is 'another', the images' is 'camera_optical'"),
    ],
)
def test_a_camera_info_of_little_use(message: CameraInfo | None, words: str) -> None:
    finding = checks.check_info(camera(info=message))
    assert finding.level == "warning"
    assert words in finding.summary


def test_a_camera_info_tells_the_field_of_view() -> None:
    """Of 640 pixels at a focal length of 500: 2 atan(320 / 500) = 65.2 degrees."""
    assert "65 degrees" in checks.check_info(camera()).summary
