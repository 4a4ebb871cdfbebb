"""What the node publishes comes into the scene, in the map."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace

import numpy as np
import pytest
from geometry_msgs.msg import PoseStamped
from nav_msgs.msg import Odometry, Path
from ros_probe import Ros, Start, make_image
from sensor_msgs.msg import Image
from std_msgs.msg import Header
from visualization_msgs.msg import Marker

from mem4d_ros.geometry import BODY_FROM_OPTICAL
from mem4d_ros.ros.conversions.cloud import to_point_cloud
from mem4d_ros.ros.conversions.lines import to_lines
from mem4d_ros.ros.interface import topics
from mem4d_ros.ros.reporting import Reporter
from mem4d_ros.ros.viewer.listening import Listening
from mem4d_ros.ros.viewer.settings import ViewerSettings
from mem4d_ros.runtime import ColouredPoints
from mem4d_ros.viewer import trail
from mem4d_ros.viewer.look import LANDMARKS, Look
from mem4d_ros.viewer.scene import NOTHING, Changes, Scene

LOOK = Look()


class Heard:
    """Everything that came into the scene."""

    def __init__(self, ros: Ros) -> None:
        self._scene, self.changes = Scene(), NOTHING
        reporter = Reporter(ros.probe.get_logger())
        self.listening = Listening(ros.probe, ViewerSettings(), self._scene, reporter)

    def has(self, *names: str) -> bool:
        new = self._scene.take()
        given = {f.name: v for f in fields(new) if (v := getattr(new, f.name)) is not None}
        self.changes = replace(self.changes, **given)
        return all(getattr(self.changes, name) is not None for name in names)


@pytest.fixture
def ros(start: Start) -> Ros:
    return start()


@pytest.fixture
def heard(ros: Ros) -> Iterator[Heard]:
    heard = Heard(ros)
    for topic in (topics.POINTS, topics.DEPTH, topics.ODOMETRY, topics.STATIC_MAP):
        name = topic.name.replace("~", "/mem4d")
        ros.wait_for(lambda name=name: ros.node.count_subscribers(name), name)
    yield heard
    heard.listening.close()


def play(ros: Ros, frames: int) -> None:
    images = ros.talker(Image, "/image")
    ros.wait_for(lambda: images.get_subscription_count() == 2, "the viewer's subscription")
    ros.play(images, *(make_image(10 + 0.1 * i) for i in range(frames)))


def test_a_frame_comes_with_its_image_and_place(ros: Ros, heard: Heard) -> None:
    play(ros, 1)
    ros.wait_for(lambda: heard.has("frame", "camera", "image", "depth"), "a frame")
    found: Changes = heard.changes
    np.testing.assert_allclose(found.frame.positions[:, 0], 2, atol=1e-6)  # the wall
    np.testing.assert_allclose(found.camera.map_from_camera, BODY_FROM_OPTICAL, atol=1e-9)
    assert (found.camera.width, found.camera.height) == (64, 48)
    np.testing.assert_array_equal(found.image.ravel(), np.frombuffer(make_image().data, np.uint8))
    np.testing.assert_allclose(found.depth, 2, atol=1e-6)


def test_the_static_map_and_the_path_grow(ros: Ros, heard: Heard) -> None:
    play(ros, 5)
    ros.wait_for(lambda: heard.has("static_map"), "the map")
    ros.wait_for(lambda: heard.has("path") and len(heard.changes.path) == 5, "the path")
    assert heard.changes.path.shape == (5, 3)


def odometry(x: float) -> Odometry:
    message = Odometry()
    message.pose.pose.position.x = x
    message.pose.pose.orientation.w = 1.0
    return message


@pytest.mark.parametrize("moves", [3, 11])
def test_a_long_path_is_thinned(ros: Ros, monkeypatch: pytest.MonkeyPatch, moves: int) -> None:
    monkeypatch.setattr(trail, "MOST", 4)
    heard = Heard(ros)
    name = "/mem4d/odometry"
    camera = ros.probe.create_publisher(Odometry, name, topics.ODOMETRY.qos)
    ros.wait_for(lambda: camera.get_subscription_count(), "the viewer's subscription")
    for move in range(moves):
        camera.publish(odometry(float(move)))
        ros.wait_for(
            lambda x=move: heard.has("path") and heard.changes.path[-1, 0] == x, "the newest place"
        )
    assert len(heard.changes.path) == min(moves, 3)
    heard.listening.close()


def test_a_path_is_heard_out_though_odometry_comes_before_it(ros: Ros, heard: Heard) -> None:
    heard.listening.refresh(LOOK)
    camera = ros.probe.create_publisher(Odometry, "/mem4d/odometry", topics.ODOMETRY.qos)
    ros.wait_for(lambda: camera.get_subscription_count(), "the viewer's subscription")
    camera.publish(odometry(1.0))
    ros.wait_for(lambda: heard.has("path"), "a place")
    heard.listening.refresh(LOOK)
    back_end = ros.probe.create_publisher(Path, "/mem4d/path", topics.PATH.qos)
    ros.wait_for(lambda: back_end.get_subscription_count(), "the viewer, still", patience_s=5)
    back_end.publish(Path(poses=[PoseStamped() for _ in range(3)]))
    ros.wait_for(lambda: heard.has("path") and len(heard.changes.path) == 3, "the whole path")


def test_who_looks_on_late_hears_the_whole_path(ros: Ros, heard: Heard) -> None:
    play(ros, 4)
    late = Heard(ros)
    late.listening.refresh(LOOK)
    ros.wait_for(lambda: ros.node.count_subscribers("/mem4d/path"), "a subscription of the path")
    ros.play(ros.talker(Image, "/image"), *(make_image(11 + 0.1 * i) for i in range(2)))
    ros.wait_for(lambda: late.has("path") and len(late.changes.path) >= 5, "the whole path")
    late.listening.close()


def test_what_is_not_shown_is_not_asked_for(ros: Ros, heard: Heard) -> None:
    name = "/mem4d/landmarks"
    heard.listening.refresh(LOOK)
    assert ros.node.count_subscribers(name) == 0
    heard.listening.refresh(replace(LOOK, shown=frozenset({LANDMARKS})))
    ros.wait_for(lambda: ros.node.count_subscribers(name) == 1, "a subscription")
    heard.listening.refresh(LOOK)
    ros.wait_for(lambda: ros.node.count_subscribers(name) == 0, "its end")


def test_a_landmark_comes_with_its_place(ros: Ros, heard: Heard) -> None:
    heard.listening.refresh(replace(LOOK, shown=frozenset({LANDMARKS})))
    topic = topics.LANDMARKS
    back_end = ros.probe.create_publisher(topic.type, "/mem4d/landmarks", topic.qos)
    ros.wait_for(lambda: back_end.get_subscription_count(), "the viewer's subscription")
    sent = ColouredPoints(
        np.array([(1.25, -0.5, 2.0), (40.0, 3.0, -1.0)], np.float32),
        np.full((2, 3), 200, np.uint8),
        np.array([7, 9], np.float32),
    )
    back_end.publish(to_point_cloud(sent, Header(frame_id="map")))
    ros.wait_for(lambda: heard.has("landmarks"), "the landmarks")
    np.testing.assert_allclose(heard.changes.landmarks.positions, sent.positions)
    np.testing.assert_allclose(heard.changes.landmarks.confidences, sent.confidences)


def test_links_of_loops_come_to_who_looks_on_late(ros: Ros) -> None:
    topic = topics.LOOPS
    back_end = ros.probe.create_publisher(topic.type, "/mem4d/loops", topic.qos)
    links = np.array([[(1.0, 2.0, 0.0), (1.5, 2.0, 0.5)]])
    header = Header(frame_id="map")
    back_end.publish(to_lines(links, "loops", (255, 0, 0), 0.02, header))
    heard = Heard(ros)
    ros.wait_for(lambda: heard.has("loops"), "the links")
    np.testing.assert_allclose(heard.changes.loops, links)
    back_end.publish(Marker(type=Marker.CUBE))  # named, and not shown
    back_end.publish(to_lines(links[:0], "loops", (255, 0, 0), 0.02, header))
    ros.wait_for(lambda: heard.has("loops") and not len(heard.changes.loops), "their end")
    heard.listening.close()


def test_what_is_latched_comes_again_when_a_new_world_is_known_late(ros: Ros, heard: Heard) -> None:
    loops = ros.probe.create_publisher(topics.LOOPS.type, "/mem4d/loops", topics.LOOPS.qos)
    links = np.array([[(1.0, 2.0, 0.0), (1.5, 2.0, 0.5)]])
    loops.publish(to_lines(links, "loops", (255, 0, 0), 0.02, Header(frame_id="map")))
    play(ros, 3)
    ros.wait_for(lambda: heard.has("loops", "static_map"), "what is latched")
    heard.changes = NOTHING  # as the viewer forgets it
    heard.listening.restart()
    ros.wait_for(lambda: heard.has("loops", "static_map"), "the same", patience_s=10)
    np.testing.assert_allclose(heard.changes.loops, links)


def test_who_looks_away_leaves_no_subscription(ros: Ros) -> None:
    before = len(list(ros.probe.subscriptions))
    heard = Heard(ros)
    heard.listening.refresh(LOOK)
    heard.listening.close()
    assert len(list(ros.probe.subscriptions)) == before


def test_a_cloud_of_another_kind_is_named_not_shown(ros: Ros, heard: Heard) -> None:
    from sensor_msgs.msg import PointCloud2

    foreign = ros.probe.create_publisher(PointCloud2, "/mem4d/points", topics.POINTS.qos)
    ros.wait_for(lambda: foreign.get_subscription_count(), "a subscription")
    foreign.publish(PointCloud2(width=1, height=1, point_step=4, data=[0] * 4))
    ros.play(ros.talker(Image, "/image"), make_image(10))
    ros.wait_for(lambda: heard.has("frame"), "the node's own cloud")


def test_depth_of_another_kind_is_named_not_shown(ros: Ros, heard: Heard) -> None:
    foreign = ros.probe.create_publisher(Image, "/mem4d/depth/image", topics.DEPTH.qos)
    ros.wait_for(lambda: foreign.get_subscription_count(), "a subscription")
    foreign.publish(Image(width=4, height=4, encoding="32FC1", step=16, data=[0] * 60))
    play(ros, 1)
    ros.wait_for(lambda: heard.has("depth"), "the node's own depth")
    assert heard.changes.depth.shape == (48, 64)
