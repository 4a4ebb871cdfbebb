"""Images come raw or compressed, under any name; silence and mismatches are explained."""

from __future__ import annotations

import array
import itertools
import time

import cv2
import numpy as np
import pytest
import rclpy
from builtin_interfaces.msg import Time
from nav_msgs.msg import Odometry, Path
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from ros_probe import Ros, Start, make_image
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import CameraInfo, CompressedImage, Image, PointCloud2

BEST_EFFORT = QoSProfile(depth=10, reliability=ReliabilityPolicy.BEST_EFFORT)
RELIABLE = QoSProfile(depth=10, reliability=ReliabilityPolicy.RELIABLE)


def compressed(image: Image, kind: str) -> CompressedImage:
    pixels = np.frombuffer(image.data, np.uint8).reshape(image.height, image.width, 3)
    data = cv2.imencode(f".{kind}", pixels[..., ::-1])[1].tobytes()
    return CompressedImage(header=image.header, format=kind, data=array.array("B", data))


@pytest.mark.parametrize("qos", [BEST_EFFORT, RELIABLE])
def test_any_publisher_is_heard_by_default(start: Start, qos: QoSProfile) -> None:
    ros = start()
    ros.play(ros.talker(Image, "/image", qos), make_image())
    assert ros.status().frames_processed == 1


@pytest.mark.parametrize("kind", ["jpg", "png"])
def test_compressed_images(start: Start, kind: str) -> None:
    ros = start(input={"image_transport": "compressed"})
    clouds = ros.listen(PointCloud2, "/mem4d/points_camera")
    ros.play(ros.talker(CompressedImage, "/image/compressed"), compressed(make_image(), kind))
    assert ros.wait_for(lambda: clouds)[0].header == make_image().header


def test_a_broken_compressed_image_costs_one_frame(start: Start) -> None:
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
def test_both_transports_follow_the_remapped_image_topic(
    start: Start,
    message_type: type[CompressedImage] | type[Image],
    topic: str,
    transport: str,
) -> None:
    ros = start(remappings=("image:=/camera/image_raw",), input={"image_transport": transport})
    ros.talker(message_type, topic)


def test_all_names_follow_the_namespace(start: Start) -> None:
    ros = start(remappings=("__ns:=/robot1",))
    assert ros.node.get_fully_qualified_name() == "/robot1/mem4d"
    ros.talker(Image, "/robot1/image")


def wait_for_log(ros: Ros, capfd: pytest.CaptureFixture[str], *words: str) -> str:
    """Until all the words were said; what was said."""
    log = ""

    def said() -> bool:
        nonlocal log
        log += capfd.readouterr().err
        return all(word in log for word in words)

    ros.wait_for(said, f"{words} in the log")
    return log


def test_a_reliable_subscription_names_the_node_of_a_best_effort_publisher(
    start: Start, capfd: pytest.CaptureFixture[str]
) -> None:
    ros = start(input={"reliability": "reliable", "watchdog_s": 0.1})
    ros.probe.create_publisher(Image, "/image", BEST_EFFORT)
    ros.wait_for(lambda: "input.reliability" in ros.status().last_error)
    assert "/image" in ros.status().last_error
    wait_for_log(ros, capfd, "no image on /image", "/probe offers /image with a quality of service")


def test_the_watchdog_names_the_topic_that_nobody_publishes(
    start: Start, capfd: pytest.CaptureFixture[str]
) -> None:
    ros = start(input={"watchdog_s": 0.1})
    wait_for_log(ros, capfd, "no image on /image", "nobody publishes there")


def test_the_watchdog_names_who_is_silent(start: Start, capfd: pytest.CaptureFixture[str]) -> None:
    ros = start(input={"watchdog_s": 0.1})
    ros.talker(Image, "/image")
    wait_for_log(ros, capfd, "/probe sends nothing")


def test_the_watchdog_names_a_publisher_of_another_type(
    start: Start, capfd: pytest.CaptureFixture[str]
) -> None:
    ros = start(input={"watchdog_s": 0.1})
    elsewhere = rclpy.Context()  # one participant has one type for a name
    rclpy.init(context=elsewhere)
    try:
        stranger = rclpy.create_node("stranger", context=elsewhere)
        stranger.create_publisher(CompressedImage, "/image", 10)
        wait_for_log(ros, capfd, "sensor_msgs/msg/CompressedImage is published there, not")
        stranger.destroy_node()
    finally:
        rclpy.shutdown(context=elsewhere)


def test_another_encoding_starts_a_new_world_and_says_so_once(
    start: Start, capfd: pytest.CaptureFixture[str]
) -> None:
    ros = start()
    paths = ros.listen(Path, "/mem4d/path")
    images = ros.talker(Image, "/image")
    grey = [make_image(stamp) for stamp in (3, 4)]
    for image in grey:
        image.encoding, image.step = "mono8", 64
    ros.play(images, make_image(1), make_image(2), *grey)
    ros.wait_for(lambda: len(paths) == 4)
    assert [len(path.poses) for path in paths] == [1, 2, 1, 2]
    assert ros.status().resets == 1
    assert (
        capfd.readouterr().err.count(
            "images changed from 64x48 rgb8 of 'camera_optical' to 64x48 mono8 of 'camera_optical'"
        )
        == 1
    )


def camera_info(d: list[float]) -> CameraInfo:
    k = [50.0, 0, 31.5, 0, 50.0, 23.5, 0, 0, 1]
    return CameraInfo(width=64, height=48, distortion_model="plumb_bob", d=d, k=k)


def test_images_are_undistorted_once_camera_info_has_come(start: Start) -> None:
    ros = start()
    infos = ros.listen(CameraInfo, "/mem4d/depth/camera_info")
    images = ros.talker(Image, "/image")
    ros.play(images, make_image(1))
    assert not ros.status().camera_info_used
    calibrations = ros.talker(CameraInfo, "/camera_info")
    calibrations.publish(camera_info([-0.2, 0.0, 0.0, 0.0, 0.0]))
    stamps = itertools.count(2)
    while not ros.status().camera_info_used:  # which arrives after an unknown number of images
        ros.play(images, make_image(next(stamps)))
    ros.wait_for(lambda: infos[-1].k[0] == 50)
    assert not any(infos[-1].d)
    status = ros.status()
    assert status.frames_received == status.frames_processed


def test_the_first_image_waits_for_a_camera_info_that_is_about_to_come(start: Start) -> None:
    """A world is seen by one calibration: the second image would begin a new one."""
    ros = start()
    images, calibrations = ros.talker(Image, "/image"), ros.talker(CameraInfo, "/camera_info")
    ros.wait_for(lambda: ros.node.count_publishers("/camera_info"), "the publisher")
    images.publish(make_image(1))
    time.sleep(0.05)
    calibrations.publish(camera_info([]))
    ros.wait_for(lambda: ros.status().frames_processed == 1, "the image")
    assert ros.status().camera_info_used
    ros.play(images, make_image(2))
    assert ros.status().resets == 0


def test_an_image_waits_half_a_second_at_most(start: Start) -> None:
    ros = start()
    images = ros.talker(Image, "/image")
    ros.talker(CameraInfo, "/camera_info")  # which says nothing
    ros.play(images, make_image(1))
    assert not ros.status().camera_info_used


def test_a_camera_info_that_was_sent_once_before_the_node_started_is_heard(start: Start) -> None:
    """From a publisher that keeps it for those who come late."""
    elsewhere = rclpy.Context()
    rclpy.init(context=elsewhere)
    try:
        camera = rclpy.create_node("camera", context=elsewhere)
        latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        camera.create_publisher(CameraInfo, "/camera_info", latched).publish(camera_info([]))
        ros = start()
        images = ros.talker(Image, "/image")
        stamps = itertools.count(1)

        def is_used() -> bool:
            ros.play(images, make_image(next(stamps)))
            return ros.status().camera_info_used

        ros.wait_for(is_used, "the CameraInfo")
        camera.destroy_node()
    finally:
        rclpy.shutdown(context=elsewhere)


@pytest.mark.parametrize(
    ("topic", "focal_length"), [("/cam/image_raw", 50), ("/cam/image_rect", 40)]
)
def test_the_camera_of_rectified_images_is_known_by_their_topic(
    start: Start, topic: str, focal_length: int
) -> None:
    ros = start(remappings=(f"image:={topic}",))
    infos = ros.listen(CameraInfo, "/mem4d/depth/camera_info")
    images, calibrations = ros.talker(Image, topic), ros.talker(CameraInfo, "/camera_info")
    info = camera_info([])
    info.p = [40.0, 0, 30, 0, 0, 40, 22, 0, 0, 0, 1, 0]
    calibrations.publish(info)
    stamps = itertools.count(2)
    while not ros.status().camera_info_used:
        ros.play(images, make_image(next(stamps)))
    ros.wait_for(lambda: infos[-1].k[0] == focal_length)
    assert not any(infos[-1].d)


def test_every_point_is_where_the_published_camera_sees_its_pixel(
    start: Start,
) -> None:
    """Of a cropped and binned sensor, and an image that the network sees at another size."""
    ros = start(image_size=128)
    clouds = ros.listen(PointCloud2, "/mem4d/points_camera")
    infos = ros.listen(CameraInfo, "/mem4d/depth/camera_info")
    images, calibrations = ros.talker(Image, "/image"), ros.talker(CameraInfo, "/camera_info")
    info = CameraInfo(width=800, height=600, binning_x=2, binning_y=2)
    info.k = [500.0, 0, 420, 0, 510, 290, 0, 0, 1]
    info.roi.x_offset, info.roi.y_offset, info.roi.width, info.roi.height = 100, 60, 640, 400
    calibrations.publish(info)
    stamps = itertools.count(2)
    while not ros.status().camera_info_used:
        ros.play(images, make_image(next(stamps), 320, 200))
    ros.wait_for(lambda: len(clouds) == len(infos) > 0)
    points, camera = ros.xyz(clouds[-1]), infos[-1]
    k = np.reshape(camera.k, (3, 3))
    pixels = points @ k.T
    pixels = pixels[:, :2] / pixels[:, 2:]
    v, u = np.mgrid[: camera.height, : camera.width]
    np.testing.assert_allclose(pixels, np.stack([u.ravel(), v.ravel()], -1), atol=0.5)
    # The same rays in pixels of the whole sensor, by its own K.
    on_sensor = points @ np.reshape(info.k, (3, 3)).T
    on_sensor = on_sensor[:, :2] / on_sensor[:, 2:]
    image_pixel = (on_sensor + 0.5 - [100, 60]) / 2
    scale = 128 / 320
    expected = image_pixel * scale - 0.5 - [0, (200 * scale - camera.height) // 2]
    np.testing.assert_allclose(expected, np.stack([u.ravel(), v.ravel()], -1), atol=0.5)


def test_with_sim_time_stamps_are_the_images_and_reports_go_on_without_a_clock(
    start: Start,
) -> None:
    ros = start(arguments=("-p", "mem4d:use_sim_time:=true"))
    odometry = ros.listen(Odometry, "/mem4d/odometry")
    assert ros.status().header.stamp.sec == 0  # nobody publishes /clock
    clock = ros.probe.create_publisher(Clock, "/clock", 10)

    def ticks() -> bool:
        clock.publish(Clock(clock=Time(sec=1234)))
        return ros.status().header.stamp.sec == 1234

    ros.wait_for(ticks, "the simulated time")
    ros.play(ros.talker(Image, "/image"), make_image(77))
    assert ros.wait_for(lambda: odometry)[0].header.stamp.sec == 77
