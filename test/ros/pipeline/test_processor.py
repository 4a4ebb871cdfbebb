"""Memory sizes follow the settings, and the device's room, without a new world."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from builtin_interfaces.msg import Time
from rclpy.logging import get_logger
from ros_probe import make_image
from sensor_msgs.msg import CameraInfo
from small_networks import SMALL_CONVOLUTIONAL, small_model
from wall_model import WallModel

from mem4d_ros.geometry import pose_from_rotation
from mem4d_ros.model import Mem4D, MemorySizes
from mem4d_ros.model.output import FrameOutput
from mem4d_ros.model.state import MemoryState
from mem4d_ros.ros.frame import IncomingFrame
from mem4d_ros.ros.interface.settings import MemorySettings, Settings
from mem4d_ros.ros.pipeline.processor import FrameProcessor
from mem4d_ros.ros.reporting import Reporter
from mem4d_ros.runtime import FrameRejected, OnlineReconstructor


class Session:
    """Plays images to a processor, whose settings may change."""

    def __init__(self, model: WallModel | Mem4D) -> None:
        self.settings = Settings()
        sizes = self.settings.memory.sizes(MemorySizes())
        self.online = OnlineReconstructor(model, 64, sizes)
        reporter = Reporter(get_logger("test"))
        self.processor = FrameProcessor(self.online, MemorySizes(), lambda: self.settings, reporter)
        self.second = 0

    def play(self, frames: int = 1) -> int:
        """The number of the newest frame in its world."""
        for _ in range(frames):
            self.second += 1
            frame = self.processor.process(IncomingFrame(make_image(self.second), None, 0.0))
        return frame.reconstruction.frame_index

    def ask_for(self, **sizes: int) -> None:
        self.settings = replace(self.settings, memory=MemorySettings(**sizes))


def test_frames_that_still_fit_are_kept_in_the_same_world() -> None:
    session = Session(small_model(SMALL_CONVOLUTIONAL))
    session.play(8)
    assert session.online.occupancy() == MemorySizes(5, 2, 8)
    session.ask_for(tca_window=3, tdm_size=1, psm_size=4)
    assert session.play() == 8
    assert session.online.occupancy() == MemorySizes(3, 1, 4)
    session.ask_for(tca_window=5, tdm_size=2, psm_size=100)
    assert session.play(2) == 10
    assert session.online.occupancy() == MemorySizes(5, 2, 6)
    assert session.processor.resets == 0


def test_the_networks_own_sizes_come_back_when_no_others_are_asked_for() -> None:
    session = Session(WallModel())
    session.ask_for(psm_size=4)
    session.play()
    assert session.online.memory == replace(MemorySizes(), psm_size=4)
    session.ask_for()
    session.play()
    assert session.online.memory == MemorySizes()


class FullDevice(WallModel):
    """A wall on a device that has room for so many PSM frames."""

    room = 1000

    def step(self, image: torch.Tensor, state: MemoryState) -> tuple[FrameOutput, MemoryState]:
        if state.memory.psm_size > self.room:
            raise torch.cuda.OutOfMemoryError("CUDA out of memory")
        return super().step(image, state)


def test_a_device_that_fills_up_keeps_the_world_with_a_smaller_memory() -> None:
    model = FullDevice()
    session = Session(model)
    session.play(3)
    model.room = 60
    assert session.play() == 3
    assert session.processor.is_shrunk
    assert session.online.memory == MemorySizes(2, 1, 50)
    model.room = 1000
    assert session.play() == 4
    assert session.online.memory == MemorySizes(2, 1, 50)  # until somebody asks for more
    session.ask_for(psm_size=99)
    session.play()
    assert not session.processor.is_shrunk
    assert session.online.memory == MemorySizes(5, 2, 99)
    assert session.processor.resets == 0


def test_an_image_without_a_stamp_belongs_to_the_same_world() -> None:
    session = Session(WallModel())
    session.play(2)
    session.processor.process(IncomingFrame(make_image(0), None, 0.0))
    assert session.play() == 3
    assert session.processor.resets == 0


def test_a_stamp_before_the_epoch_is_rejected_and_changes_nothing() -> None:
    """No ROS time can be made of it, so that nothing could be looked up in TF."""
    session = Session(WallModel())
    session.play(2)
    image = make_image(0)
    image.header.stamp = Time(sec=-1, nanosec=5)
    with pytest.raises(FrameRejected, match="before the epoch"):
        session.processor.process(IncomingFrame(image, None, 0.0))
    assert session.play() == 2
    assert session.processor.resets == 0


def test_the_pose_source_hears_where_the_odometry_has_the_camera(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    online = OnlineReconstructor(WallModel(), 64, MemorySizes())
    asked, told = [], []

    def camera_in_odometry(camera_frame: str, stamp_ns: int) -> np.ndarray:
        asked.append((camera_frame, stamp_ns))
        return pose_from_rotation(np.eye(3), np.array([stamp_ns * 1e-9, 0, 0]))

    foresee = online.poses.foresee
    monkeypatch.setattr(online.poses, "foresee", lambda frame: told.append(frame) or foresee(frame))
    processor = FrameProcessor(
        online,
        MemorySizes(),
        Settings,
        Reporter(get_logger("test")),
        camera_in_odometry=camera_in_odometry,
    )
    for second in (1, 2):
        processor.process(IncomingFrame(make_image(second), None, 0.0))
    assert asked == [("camera_optical", 1_000_000_000), ("camera_optical", 2_000_000_000)]
    assert [frame.odom_from_camera[0, 3] for frame in told] == [1.0, 2.0]


def test_nothing_is_said_of_pixels_that_the_lens_did_not_see() -> None:
    """As of a calibration that keeps all of the image: its corners are black."""
    session = Session(WallModel())
    image = make_image(1)
    focal = float(image.width)
    camera = CameraInfo(height=image.height, width=image.width, distortion_model="plumb_bob")
    centre = (image.width - 1) / 2, (image.height - 1) / 2
    camera.d = [-0.3, 0.1, 0.0, 0.0, 0.0]
    camera.k = [focal, 0.0, centre[0], 0.0, focal, centre[1], 0.0, 0.0, 1.0]
    camera.p = [focal / 2, 0.0, centre[0], 0.0, 0.0, focal / 2, centre[1], 0.0, 0.0, 0.0, 1.0, 0.0]
    found = session.processor.process(IncomingFrame(image, camera, 0.0)).reconstruction
    known = np.isfinite(found.depth)
    assert known[known.shape[0] // 2, known.shape[1] // 2]
    assert not known[[0, 0, -1, -1], [0, -1, 0, -1]].any()
    for points in (found.points_world, found.points_camera):
        np.testing.assert_array_equal(np.isfinite(points).all(-1), known)
    for confidence in (found.confidence_world, found.confidence_camera):
        np.testing.assert_array_equal(confidence > 0, known)
