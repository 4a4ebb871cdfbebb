"""Real camera frames from one process, the whole network in another, a listener in this one.

The frames are Microsoft 7-Scenes' red kitchen, from $MEM4D_TEST_DATA or ../shared/data; where there
are none, the project's procedural scene takes their place, and the report says so.
"""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import play_images
import pytest
from builtin_interfaces.msg import Time
from mem4d_ros.msg import Mem4DStatus
from node_process import NodeProcess
from ros_probe import connected
from sensor_msgs.msg import Image, PointCloud2
from sensor_msgs_py import point_cloud2
from tf2_msgs.msg import TFMessage

from mem4d_ros.geometry import transform_points
from mem4d_ros.ros.conversions.pose import transform_to_matrix
from mem4d_ros.ros.interface import topics
from mem4d_ros.ros.interface.topics import Topic
from mem4d_ros.synthetic import render_sequence
from mem4d_ros.synthetic.export import write_sequence

FRAMES = 20
RATE_HZ = 5.0
EVERY_FRAME = (
    "~/points",
    "~/points_camera",
    "~/depth/image",
    "~/depth/camera_info",
    "~/odometry",
)
ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Recording:
    """Images on disk and the intrinsics of their camera."""

    images: list[Path]
    intrinsics: Path


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    data = Path(os.environ.get("MEM4D_TEST_DATA", ROOT.parent / "shared" / "data"))
    kitchen = data / "redkitchen"
    if kitchen.is_dir():
        images = sorted(kitchen.glob("*.color.jpg"))[:FRAMES]
        return Recording(images, kitchen / "camera-intrinsics.txt")
    warnings.warn(f"{kitchen} is absent: the procedural scene is played instead", stacklevel=1)
    folder = tmp_path_factory.mktemp("procedural")
    write_sequence(render_sequence(0, FRAMES, 240, 320), folder)
    return Recording(sorted(folder.glob("*.color.png")), folder / "intrinsics.txt")


@pytest.fixture(scope="module", params=["raw", "compressed"])
def heard(request: pytest.FixtureRequest, recording: Recording) -> Iterator[dict[str, list[Any]]]:
    """All messages by topic, of a whole session."""
    node = NodeProcess(
        *("-p", f"input.image_transport:={request.param}"),
        *("-p", "input.reliability:=reliable", "-p", "input.history_depth:=5"),
        *("-p", "status.period_s:=0.1", "-p", "model.threads:=1"),
    )
    try:
        with connected() as ros:
            others = [topic for topic in topics.OUTPUTS if topic is not topics.STATUS]
            heard = {topic.name: ros.listen(topic.type, absolute(topic)) for topic in others}
            heard["/tf"] = ros.listen(TFMessage, "/tf")
            for topic in others:
                name = absolute(topic)
                ros.wait_for(lambda name=name: ros.probe.count_publishers(name), name)
            # Subscriptions are announced in order: a node that serves the last one has found all.
            heard["~/status"] = ros.listen(Mem4DStatus, absolute(topics.STATUS))
            ros.wait_for(lambda: heard["~/status"], "a status")
            command = [sys.executable, play_images.__file__, *map(str, recording.images)]
            command += ["--intrinsics", str(recording.intrinsics), "--rate", str(RATE_HZ)]
            command += ["--compressed"] if request.param == "compressed" else []
            subprocess.run(command, check=True, timeout=60)
            ros.wait_for(lambda: ros.status().frames_received == FRAMES, "all frames")
            ros.wait_for(ros.is_idle, "the last frame")
            processed = ros.status().frames_processed
            for name in (*EVERY_FRAME, "/tf"):
                ros.wait_for(lambda name=name: len(heard[name]) == processed, name)
            ros.wait_for(lambda: len(heard["~/path"][-1].poses) == processed, "the last path")
            yield heard
    finally:
        node.stop()
    assert "Traceback" not in node.log


def absolute(topic: Topic) -> str:
    return topic.name.replace("~", "/mem4d")


def stamps(messages: list[Any]) -> list[Time]:
    return [message.header.stamp for message in messages]


def xyz(cloud: PointCloud2) -> np.ndarray:
    return np.stack([point_cloud2.read_points(cloud)[axis] for axis in "xyz"], -1)


def depth_of(image: Image) -> np.ndarray:
    return np.frombuffer(image.data, np.float32).reshape(image.height, image.width)


def test_every_frame_is_accounted_for(heard: dict[str, list[Any]]) -> None:
    status = heard["~/status"][-1]
    assert status.frames_received == FRAMES
    assert status.frames_rejected == 0
    assert status.frames_processed + status.frames_dropped == FRAMES
    assert status.frames_processed >= 3
    assert status.state == Mem4DStatus.STATE_RUNNING
    assert status.last_error == ""
    assert status.resets == 0
    assert status.psm_size == min(status.frames_processed, 100)


def test_every_output_has_the_stamps_of_processed_frames(heard: dict[str, list[Any]]) -> None:
    sent = [play_images.stamp_of(index, RATE_HZ) for index in range(FRAMES)]
    processed = stamps(heard["~/points"])
    assert all(stamp in sent for stamp in processed)
    for name in EVERY_FRAME:
        assert stamps(heard[name]) == processed, name
    assert [m.transforms[0].header.stamp for m in heard["/tf"]] == processed


def test_encodings_sizes_and_frames(heard: dict[str, list[Any]], recording: Recording) -> None:
    height, width = cv2.imread(str(recording.images[0])).shape[:2]
    for depth, info in zip(heard["~/depth/image"], heard["~/depth/camera_info"], strict=True):
        assert (depth.encoding, depth.width, depth.height) == ("32FC1", 256, 256 * height // width)
        assert (info.width, info.height) == (depth.width, depth.height)
        assert info.header == depth.header
    in_camera = ("~/points_camera", "~/depth/image", "~/depth/camera_info")
    for name in (*EVERY_FRAME, "~/path"):
        expected = play_images.FRAME_ID if name in in_camera else "map"
        assert {message.header.frame_id for message in heard[name]} == {expected}


def test_the_cameras_intrinsics_are_scaled_to_the_depth_image(
    heard: dict[str, list[Any]], recording: Recording
) -> None:
    width = cv2.imread(str(recording.images[0])).shape[1]
    scale = 256 / width
    k = np.loadtxt(recording.intrinsics)
    last = np.reshape(heard["~/depth/camera_info"][-1].k, (3, 3))
    np.testing.assert_allclose(last[[0, 1], [0, 1]], scale * k[[0, 1], [0, 1]])
    np.testing.assert_allclose(last[:2, 2], scale * (k[:2, 2] + 0.5) - 0.5)


def test_all_values_are_finite_and_every_valid_pixel_is_a_point(
    heard: dict[str, list[Any]],
) -> None:
    for depth_image, cloud in zip(heard["~/depth/image"], heard["~/points_camera"], strict=True):
        depth, points = depth_of(depth_image), xyz(cloud)
        valid = np.isfinite(depth)
        assert (depth[valid] > 0).all()
        assert np.isfinite(points).all()
        near = np.linalg.norm(points, axis=-1) <= 100
        assert near.all()
        assert len(points) <= valid.sum()
        if valid.any() and depth[valid].max() < 50:
            assert len(points) == valid.sum()
            np.testing.assert_array_equal(points[:, 2], depth[valid])
    for cloud in heard["~/points"]:
        assert np.isfinite(xyz(cloud)).all()
        assert 0 < cloud.width <= depth.size


def test_points_have_the_colours_of_the_image(
    heard: dict[str, list[Any]], recording: Recording
) -> None:
    """Averages tell red from blue."""
    sent = [play_images.stamp_of(index, RATE_HZ) for index in range(FRAMES)]
    for cloud in heard["~/points"]:
        if cloud.width < 0.99 * depth_of(heard["~/depth/image"][0]).size:
            continue
        image = cv2.imread(str(recording.images[sent.index(cloud.header.stamp)]))
        packed = np.ascontiguousarray(point_cloud2.read_points(cloud)["rgb"]).view(np.uint32)
        means = [(packed >> shift & 255).mean() for shift in (0, 8, 16)]  # blue, green, red
        np.testing.assert_allclose(means, image.mean((0, 1)), atol=3)


def test_tf_is_the_pose_of_odometry_and_rigid(heard: dict[str, list[Any]]) -> None:
    for message, odometry in zip(heard["/tf"], heard["~/odometry"], strict=True):
        (transform,) = message.transforms
        assert (transform.header.frame_id, transform.child_frame_id) == ("map", "kinect_optical")
        assert odometry.child_frame_id == "kinect_optical"
        matrix = transform_to_matrix(transform.transform)
        np.testing.assert_allclose(matrix[:3, :3] @ matrix[:3, :3].T, np.eye(3), atol=1e-9)
        position = odometry.pose.pose.position
        np.testing.assert_allclose(matrix[:3, 3], [position.x, position.y, position.z])
        origin = transform_points(matrix, np.zeros(3))
        assert np.isfinite(origin).all()


def test_the_path_holds_every_pose(heard: dict[str, list[Any]]) -> None:
    """Each path has all poses so far: one that the next overtakes on the way is no loss."""
    path = heard["~/path"][-1]
    assert stamps(path.poses) == stamps(heard["~/odometry"])
    assert [pose.pose for pose in path.poses] == [m.pose.pose for m in heard["~/odometry"]]
