"""Faults, injected one by one: the node lives, nothing false is published, and frames add up."""

from __future__ import annotations

import array
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from mem4d_ros.msg import Mem4DStatus
from nav_msgs.msg import Odometry
from rclpy.logging import get_logger
from rclpy.qos import QoSProfile
from ros_probe import Start, make_image
from sensor_msgs.msg import CompressedImage, Image, PointCloud2
from tf2_msgs.msg import TFMessage
from wall_model import WallModel

from mem4d_ros.model import MemorySizes
from mem4d_ros.model.output import FrameOutput
from mem4d_ros.model.state import MemoryState
from mem4d_ros.ros.frame import IncomingFrame
from mem4d_ros.ros.interface.settings import Settings
from mem4d_ros.ros.pipeline.processor import FrameProcessor
from mem4d_ros.ros.reporting import Reporter
from mem4d_ros.runtime import FrameModel, OnlineReconstructor

PHOTO = cv2.blur(np.random.default_rng(0).integers(0, 256, (96, 128, 3), np.uint8), (9, 9))


def add_up(status: Mem4DStatus) -> bool:
    accounted = status.frames_processed + status.frames_dropped + status.frames_rejected
    return status.frames_received == accounted


@pytest.fixture
def hurt(start: Start) -> Callable[..., Mem4DStatus]:
    """Play a good image, what the test gives, and a good image; what was published of them."""

    def hurt(
        *messages: CompressedImage | Image, model: FrameModel | None = None, **groups: Any
    ) -> Mem4DStatus:
        ros = start(model, **groups)
        compressed = groups.get("input", {}).get("image_transport") == "compressed"
        kind, name = (CompressedImage, "/image/compressed") if compressed else (Image, "/image")
        good = [
            as_jpeg(make_image(stamp)) if compressed else make_image(stamp) for stamp in (1, 12)
        ]
        images = ros.talker(kind, name)
        odometry = ros.listen(Odometry, "/mem4d/odometry")
        clouds = ros.listen(PointCloud2, "/mem4d/points")
        ros.play(images, good[0], *messages, good[1])
        ros.wait_for(lambda: odometry and odometry[-1].header.stamp.sec == 12, "the last image")
        status = ros.status()
        assert add_up(status)
        assert status.frames_received == len(messages) + 2
        ros.wait_for(lambda: len(clouds) == status.frames_processed, "all clouds")
        assert all(np.isfinite(ros.xyz(cloud)).all() for cloud in clouds)
        return status

    return hurt


def as_jpeg(image: Image, pixels: np.ndarray = PHOTO, kind: str = "jpg") -> CompressedImage:
    data = cv2.imencode(f".{kind}", pixels)[1].tobytes()
    return CompressedImage(header=image.header, format=kind, data=array.array("B", data))


@pytest.mark.parametrize("kind", ["jpg", "png"])
def test_truncated_images(hurt: Callable[..., Mem4DStatus], kind: str) -> None:
    def cut(stamp: int, share: float) -> CompressedImage:
        message = as_jpeg(make_image(stamp), kind=kind)
        message.data = message.data[: int(len(message.data) * share)]
        return message

    broken = [cut(2 + i, share) for i, share in enumerate((0.0, 0.01, 0.3, 0.99))]
    status = hurt(*broken, input={"image_transport": "compressed"})
    assert status.frames_rejected == 4


@pytest.mark.parametrize("kind", ["jpg", "png"])
def test_corrupt_images(hurt: Callable[..., Mem4DStatus], kind: str) -> None:
    """Some decode to a picture with flaws, which nobody can tell from a true one."""
    rng = np.random.default_rng(1)

    def corrupt(stamp: int) -> CompressedImage:
        message = as_jpeg(make_image(stamp), kind=kind)
        for place in rng.integers(0, len(message.data), 20):
            message.data[place] = int(rng.integers(256))
        return message

    hurt(*(corrupt(stamp) for stamp in range(2, 12)), input={"image_transport": "compressed"})


def test_data_shorter_than_it_says(hurt: Callable[..., Mem4DStatus]) -> None:
    short = make_image(2)
    short.data = short.data[:-1]
    empty = make_image(3)
    empty.data = array.array("B")
    narrow = make_image(4)
    narrow.step = 10
    huge = make_image(5)
    huge.height, huge.step = 2**31, 2**31
    status = hurt(short, empty, narrow, huge)
    assert status.frames_rejected == 4
    assert status.resets == 0


@pytest.mark.parametrize(("width", "height"), [(0, 0), (1, 1), (0, 48), (4_000_000, 16)])
def test_sizes_that_no_camera_has(
    hurt: Callable[..., Mem4DStatus], width: int, height: int
) -> None:
    odd = make_image(2)
    odd.width, odd.height, odd.step = width, height, 3 * width
    odd.data = array.array("B", bytes(min(3 * width * height, 100)))
    status = hurt(odd)
    assert status.frames_rejected == 1
    assert status.resets == 0


def test_an_image_of_48_megapixels_is_processed() -> None:
    """Not over DDS, which takes longer for it than all the rest."""
    reconstructor = OnlineReconstructor(WallModel(), 64, MemorySizes())
    reporter = Reporter(get_logger("test"))
    processor = FrameProcessor(reconstructor, MemorySizes(), Settings, reporter)
    large = Image(width=8000, height=6000, encoding="mono8", step=8000)
    large.header = make_image().header
    large.data = array.array("B", bytes(8000 * 6000))
    frame = processor.process(IncomingFrame(large, None, received_at_s=0.0))
    assert frame.reconstruction.depth.shape == (48, 64)
    assert frame.reconstruction.input_transform.input_width == 8000


def test_a_network_whose_points_are_no_numbers(hurt: Callable[..., Mem4DStatus]) -> None:
    def spoil(output: FrameOutput) -> None:
        output.points_world.fill_(np.nan)
        output.points_camera.fill_(np.nan)

    status = hurt(make_image(2), model=WallModel(edit=spoil))
    assert status.frames_processed == 3  # of which no point is published
    assert np.isnan(status.confidence_mean)


class Short(WallModel):
    """A wall on a device that has room for so many PSM frames; nothing else needs any."""

    def __init__(self, room: int) -> None:
        super().__init__()
        self.room = room

    def step(self, image: torch.Tensor, state: MemoryState) -> tuple[FrameOutput, MemoryState]:
        if state.memory.psm_size > self.room:
            raise torch.cuda.OutOfMemoryError("CUDA out of memory")
        return super().step(image, state)


def capacity(status: Mem4DStatus) -> MemorySizes:
    return MemorySizes(
        status.tca_window_capacity, status.tdm_size_capacity, status.psm_size_capacity
    )


def test_a_device_without_memory_gets_smaller_ones(
    hurt: Callable[..., Mem4DStatus], capfd: pytest.CaptureFixture[str]
) -> None:
    status = hurt(make_image(2), model=Short(room=30))
    assert status.frames_processed == 3
    assert capacity(status) == MemorySizes(1, 0, 25)
    log = capfd.readouterr().err
    assert "remembers fewer frames (TCA 1, TDM 0, PSM 25)" in log


def test_a_device_without_any_memory_costs_frames_but_not_the_node(
    start: Start,
) -> None:
    model = Short(room=0)
    ros = start(model)
    images = ros.talker(Image, "/image")
    ros.play(images, make_image(1), make_image(2))
    assert ros.status().frames_rejected == 2
    assert "no memory for a single frame" in ros.status().last_error
    model.room = 1000
    ros.play(images, make_image(3))
    status = ros.status()
    assert (status.frames_processed, status.psm_size_capacity) == (1, 1)
    assert add_up(status)


def test_a_fault_of_any_kind_in_the_network_costs_one_frame(start: Start) -> None:
    model = WallModel()
    ros = start(model)
    images = ros.talker(Image, "/image")
    faults = [RuntimeError("a"), ValueError("b"), MemoryError("c"), KeyError("d"), AssertionError()]
    for stamp, fault in enumerate(faults, 1):

        def fail(fault: Exception = fault) -> None:
            raise fault

        model.before = fail
        ros.play(images, make_image(stamp))
        assert repr(fault) in ros.status().last_error
        assert ros.status().state == Mem4DStatus.STATE_ERROR
    model.before = lambda: None
    ros.play(images, make_image(6))
    status = ros.status()
    assert (status.frames_processed, status.frames_rejected) == (1, len(faults))
    assert status.state == Mem4DStatus.STATE_RUNNING
    assert add_up(status)


def test_a_fault_in_publishing_costs_one_frame(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    ros = start()
    clouds = ros.listen(PointCloud2, "/mem4d/points")
    images = ros.talker(Image, "/image")

    def fail(*arguments: object) -> None:
        raise RuntimeError("no conversion")

    with monkeypatch.context() as broken:
        broken.setattr("mem4d_ros.ros.output.outputs.to_point_cloud", fail)
        ros.play(images, make_image(1))
    ros.play(images, make_image(2))
    ros.wait_for(lambda: clouds)
    assert (ros.status().frames_processed, ros.status().frames_rejected) == (1, 1)


def test_a_burst_at_200_hz(start: Start) -> None:
    ros = start(WallModel(before=lambda: time.sleep(0.03)), input={"reliability": "reliable"})
    odometry = ros.listen(Odometry, "/mem4d/odometry")
    images = ros.talker(Image, "/image", QoSProfile(depth=200))
    count = 200
    started = time.monotonic()
    for index in range(count):
        images.publish(make_image(1 + 0.005 * index))
        time.sleep(max(0.0, started + 0.005 * (index + 1) - time.monotonic()))
    ros.wait_for(
        lambda: odometry and odometry[-1].header.stamp == make_image(1 + 0.995).header.stamp
    )
    ros.wait_for(ros.is_idle)
    status = ros.status()
    assert status.frames_rejected == 0
    assert status.frames_processed + status.frames_dropped == status.frames_received <= count
    assert 0 < status.frames_processed < count
    stamps = [message.header.stamp for message in odometry]
    assert len(stamps) == status.frames_processed
    ages = [stamp.sec * 1_000_000_000 + stamp.nanosec for stamp in stamps]
    assert ages == sorted(set(ages))


@pytest.mark.slow
def test_a_subscriber_that_stalls_does_not_stall_the_node(start: Start) -> None:
    """It is stopped by the system while it owes acknowledgements of reliable clouds."""
    ros = start()
    images = ros.talker(Image, "/image")
    listener = subprocess.Popen([sys.executable, "-c", STALLING_LISTENER])
    try:
        ros.wait_for(lambda: ros.probe.count_subscribers("/mem4d/points"), "the listener")
        seconds = []
        for stamp in range(1, 91):
            if stamp == 31:
                os.kill(listener.pid, signal.SIGSTOP)
            started = time.monotonic()
            ros.play(images, make_image(stamp))
            seconds.append(time.monotonic() - started)
    finally:
        listener.kill()
        listener.wait()
    status = ros.status()
    assert (status.frames_processed, status.frames_rejected) == (90, 0)
    before, stalled = np.median(seconds[:30]), np.median(seconds[30:])
    assert stalled < 3 * before, f"{before:.3f} s a frame before, {stalled:.3f} s afterwards"


STALLING_LISTENER = """
import rclpy
from sensor_msgs.msg import PointCloud2
rclpy.init()
node = rclpy.create_node("staller")
node.create_subscription(PointCloud2, "/mem4d/points", lambda cloud: None, 10)
rclpy.spin(node)
"""


def test_requests_while_images_come_leave_the_accounts_right(start: Start) -> None:
    """Resets, pauses and other sizes at random moments, from the thread of the executor."""
    ros = start(input={"reliability": "reliable", "history_depth": 100})
    images = ros.talker(Image, "/image", QoSProfile(depth=300))
    stop = threading.Event()

    def ask() -> None:
        rng = np.random.default_rng(0)
        while not stop.wait(0.003):
            pipeline = ros.node._engine.pipeline
            [pipeline.request_reset, pipeline.pause, pipeline.resume][rng.integers(3)]()
        ros.node._engine.pipeline.resume()

    asker = threading.Thread(target=ask)
    asker.start()
    for stamp in range(1, 201):
        images.publish(make_image(stamp))
        time.sleep(0.002)
    ros.wait_for(lambda: ros.status().frames_received == 200, "all images")
    stop.set()
    asker.join()
    ros.wait_for(ros.is_idle)
    ros.play(images, make_image(201), make_image(202))
    assert add_up(ros.status())
    assert ros.status().state == Mem4DStatus.STATE_RUNNING


def test_a_single_stamp_far_ahead_reaches_no_listener(start: Start) -> None:
    """Listeners of TF would take nothing of that frame for an hour."""
    ros = start()
    odometry = ros.listen(Odometry, "/mem4d/odometry")
    transforms = ros.listen(TFMessage, "/tf")
    images = ros.talker(Image, "/image")
    ros.play(images, *(make_image(stamp_s) for stamp_s in (10.0, 10.1, 9000.0, 10.25, 10.5)))
    ros.wait_for(lambda: len(odometry) == len(transforms) == 4, "odometry and TF of four images")
    times = [message.header.stamp.sec + 1e-9 * message.header.stamp.nanosec for message in odometry]
    assert times == pytest.approx([10.0, 10.1, 10.25, 10.5])
    assert all(each.header.stamp.sec == 10 for message in transforms for each in message.transforms)
    assert (ros.status().frames_rejected, ros.status().resets) == (1, 0)
