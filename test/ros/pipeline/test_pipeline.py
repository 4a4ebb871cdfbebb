"""Every image is accounted for, whatever is wrong with it, and the world restarts when it must."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from nav_msgs.msg import Odometry, Path
from rclpy.publisher import Publisher
from ros_probe import Ros, Start, make_image
from sensor_msgs.msg import Image
from std_srvs.srv import Trigger
from wall_model import WallModel


class Gate:
    """Holds the network in a step until it may go on."""

    def __init__(self) -> None:
        self.entered, self.may_leave = threading.Semaphore(0), threading.Semaphore(0)

    def __call__(self) -> None:
        self.entered.release()
        assert self.may_leave.acquire(timeout=10)

    def wait_entered(self) -> None:
        assert self.entered.acquire(timeout=10)


Playing = Callable[..., tuple[Ros, Publisher, Callable[..., Path]]]


@pytest.fixture
def playing(start: Start) -> Playing:
    """A node, its image topic, and a function that plays an image and returns the newest path."""

    def playing(
        model: WallModel | None = None, **groups: Any
    ) -> tuple[Ros, Publisher, Callable[..., Path]]:
        ros = start(model, **groups)
        paths = ros.listen(Path, "/mem4d/path")
        images = ros.talker(Image, "/image")

        def play(stamp: float, **image: Any) -> Path:
            before = len(paths)
            ros.play(images, make_image(stamp, **image))
            ros.wait_for(lambda: len(paths) == before + 1, "a path")
            return paths[-1]

        return ros, images, play

    return playing


def counts(ros: Ros) -> tuple[int, int, int, int]:
    status = ros.status()
    return (
        status.frames_received,
        status.frames_processed,
        status.frames_dropped,
        status.frames_rejected,
    )


def test_only_the_newest_image_waits(start: Start) -> None:
    gate = Gate()
    ros = start(WallModel(before=gate))
    odometry = ros.listen(Odometry, "/mem4d/odometry")
    images = ros.talker(Image, "/image")
    images.publish(make_image(1))
    gate.wait_entered()
    for stamp in (2, 3, 4):
        images.publish(make_image(stamp))
        ros.wait_for(lambda stamp=stamp: ros.status().frames_received == stamp)
    gate.may_leave.release(2)
    ros.wait_for(ros.is_idle)
    ros.wait_for(lambda: len(odometry) == 2)
    assert [message.header.stamp.sec for message in odometry] == [1, 4]
    assert counts(ros) == (4, 2, 2, 0)


def test_services_answer_while_the_network_works(start: Start) -> None:
    gate = Gate()
    ros = start(WallModel(before=gate))
    ros.talker(Image, "/image").publish(make_image())
    gate.wait_entered()
    assert ros.call(Trigger, "/mem4d/reset", Trigger.Request()).success
    gate.may_leave.release()
    ros.wait_for(lambda: ros.status().frames_received and ros.is_idle())
    assert counts(ros) == (1, 0, 0, 1)  # a frame of the world before the reset


def test_reset_starts_a_new_world(playing: Playing) -> None:
    ros, _, play = playing()
    assert [len(play(stamp).poses) for stamp in (1, 2, 3)] == [1, 2, 3]
    answer = ros.call(Trigger, "/mem4d/reset", Trigger.Request())
    assert answer.success
    path = play(4)
    assert len(path.poses) == 1
    assert path.poses[0].pose.position.x == pytest.approx(0, abs=1e-9)
    ros.wait_for(lambda: ros.status().resets == 1)


def test_stamps_that_jump_back_start_a_new_world(playing: Playing) -> None:
    ros, _, play = playing()
    assert [len(play(stamp).poses) for stamp in (100.0, 100.1, 3.0, 3.1)] == [1, 2, 1, 2]
    assert ros.status().resets == 1


@pytest.mark.parametrize("stamp", [100.1, 100.05])
def test_repeated_and_late_images_are_rejected(playing: Playing, stamp: float) -> None:
    ros, images, play = playing()
    play(100.0)
    play(100.1)
    ros.play(images, make_image(stamp))
    assert "twice or out of order" in ros.status().last_error
    assert len(play(100.2).poses) == 3
    assert counts(ros) == (4, 3, 0, 1)


def test_images_without_stamps_are_processed(playing: Playing) -> None:
    ros, _, play = playing()
    assert [len(play(0).poses) for _ in range(3)] == [1, 2, 3]
    assert counts(ros) == (3, 3, 0, 0)


def test_images_of_another_size_start_a_new_world(playing: Playing) -> None:
    ros, _, play = playing()
    sizes = [{}, {"width": 48, "height": 64}, {"width": 48, "height": 64}]
    assert [len(play(i + 1, **size).poses) for i, size in enumerate(sizes)] == [1, 1, 2]
    assert ros.status().resets == 1


def test_an_empty_frame_id_is_refused_with_the_remedy(playing: Playing) -> None:
    ros, images, _ = playing()
    ros.play(images, make_image(frame_id=""))
    assert counts(ros) == (1, 0, 0, 1)
    assert "frames.camera" in ros.status().last_error


def test_a_frame_that_tf_cannot_carry_is_mended_and_said(
    start: Start, capfd: pytest.CaptureFixture[str]
) -> None:
    ros = start()
    odometry = ros.listen(Odometry, "/mem4d/odometry")
    images = ros.talker(Image, "/image")
    ros.play(
        images,
        make_image(1, frame_id="/camera_optical"),
        make_image(2, frame_id="//camera_optical "),
    )
    ros.wait_for(lambda: len(odometry) == 2)
    assert {message.child_frame_id for message in odometry} == {"camera_optical"}
    assert capfd.readouterr().err.count("TF knows no frame '/camera_optical'") == 1
    ros.play(images, make_image(3, frame_id="map"))
    assert "header.frame_id 'map', which is that of the map" in ros.status().last_error


def test_an_empty_frame_id_is_replaced_where_the_user_says_so(start: Start) -> None:
    ros = start(frames_={"camera": "my_camera"})
    odometry = ros.listen(Odometry, "/mem4d/odometry")
    ros.play(ros.talker(Image, "/image"), make_image(frame_id=""))
    assert ros.wait_for(lambda: odometry)[0].child_frame_id == "my_camera"


def test_an_unknown_encoding_is_named_and_the_next_image_processed(playing: Playing) -> None:
    ros, images, play = playing()
    strange = make_image(1)
    strange.encoding = "sepia7"
    ros.play(images, strange)
    assert "sepia7" in ros.status().last_error
    play(2)
    assert counts(ros) == (2, 1, 0, 1)


def test_a_pose_that_is_no_number_restarts_the_world(playing: Playing) -> None:
    model = WallModel()
    ros, images, play = playing(model)
    play(1)
    model.edit = lambda output: output.translation.fill_(np.inf)
    ros.play(images, make_image(2))
    model.edit = lambda output: None
    assert "NaN or Inf" in ros.status().last_error
    assert len(play(3).poses) == 1
    assert counts(ros) == (3, 2, 0, 1)
    assert ros.status().resets == 1


def test_a_fault_in_the_network_costs_one_frame(playing: Playing) -> None:
    def fail() -> None:
        raise RuntimeError("a broken network")

    model = WallModel(before=fail)
    ros, images, play = playing(model)
    ros.play(images, make_image(1))
    assert "a broken network" in ros.status().last_error
    model.before = lambda: None
    play(2)
    assert counts(ros) == (2, 1, 0, 1)


def test_a_pose_that_is_not_measured_is_said(
    playing: Playing, capfd: pytest.CaptureFixture[str]
) -> None:
    """The played image is one smooth ramp of colours: there is no corner to follow."""
    _, _, play = playing(pose={"source": "geometry"})
    first, second = (play(stamp).poses[-1].pose for stamp in (1, 2))
    assert second == first
    assert "pose could not be measured" in capfd.readouterr().err
