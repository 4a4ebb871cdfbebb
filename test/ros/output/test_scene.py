"""~/static_map gathers what stands still, is latched, and begins anew with a world."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from rclpy.qos import DurabilityPolicy, QoSProfile
from ros_probe import Ros, Start, make_image
from sensor_msgs.msg import Image, PointCloud2
from std_srvs.srv import Trigger
from wall_model import WallModel

from mem4d_ros.ros.interface import topics

VOXEL_M = 0.15  # the wall lies inside of voxels, not between them
PERIOD = {"period_s": 0.1}
LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)


@pytest.fixture
def playing(start: Start) -> tuple[Ros, Callable[..., None]]:
    """A node that looks at a wall 2 m ahead, and a function that plays images."""
    ros = start(WallModel(), static_map={**PERIOD, "voxel_size": VOXEL_M})
    images = ros.talker(Image, "/image")

    def play(*stamps: int) -> None:
        ros.play(images, *(make_image(stamp) for stamp in stamps))

    return ros, play


def listen(ros: Ros) -> list[PointCloud2]:
    return ros.listen(PointCloud2, "/mem4d/static_map", LATCHED)


def test_the_wall_is_gathered_one_point_a_voxel(playing: tuple[Ros, Callable[..., None]]) -> None:
    ros, play = playing
    maps = listen(ros)
    play(1, 2, 3, 4, 5, 6)
    ros.wait_for(lambda: maps and maps[-1].width)
    assert maps[-1].header.frame_id == "map"
    points = ros.xyz(maps[-1])
    np.testing.assert_allclose(points[:, 0], 2, atol=0.05)
    # The camera's axes are the map's, turned: voxels side by side have their own points.
    cells = np.unique(np.floor(points[:, 1:] / VOXEL_M), axis=0)
    assert len(cells) == len(points) > 200


def test_who_joins_late_has_the_map_at_once(playing: tuple[Ros, Callable[..., None]]) -> None:
    ros, play = playing
    play(1, 2, 3, 4)
    ros.wait_for(lambda: ros.is_idle())
    maps = listen(ros)
    ros.wait_for(lambda: maps, "the latched map")
    assert maps[-1].header.stamp.sec <= 4


def test_a_new_world_empties_the_map(playing: tuple[Ros, Callable[..., None]]) -> None:
    ros, play = playing
    maps = listen(ros)
    play(1, 2, 3, 4)
    ros.wait_for(lambda: maps and maps[-1].width)
    ros.call(Trigger, "/mem4d/reset", Trigger.Request())
    play(5)
    ros.wait_for(lambda: maps[-1].header.stamp.sec == 5, "the map of the new world")
    assert maps[-1].width == 0


def test_the_map_comes_at_its_own_pace(start: Start) -> None:
    ros = start(static_map={"period_s": 3600.0})
    maps = listen(ros)
    ros.play(ros.talker(Image, "/image"), *(make_image(stamp) for stamp in range(1, 6)))
    assert [cloud.header.stamp.sec for cloud in maps] == [1]


def test_only_moving_pixels_are_dynamic_points(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The upper half moves, as the splitter says."""
    moving = np.zeros((48, 64), bool)
    moving[:24] = True
    monkeypatch.setattr("mem4d_ros.runtime.scene.MotionSplitter.split", lambda *arguments: moving)
    ros = start(static_map=PERIOD)
    clouds = ros.listen(PointCloud2, "/mem4d/dynamic_points")
    maps = listen(ros)
    ros.play(ros.talker(Image, "/image"), *(make_image(stamp) for stamp in range(1, 6)))
    ros.wait_for(lambda: len(clouds) == 5 and maps[-1].width)
    assert clouds[0].width == moving.sum()
    assert ros.xyz(clouds[0])[:, 2].min() > 0  # above the camera's height
    static = ros.xyz(maps[-1])
    np.testing.assert_allclose(static[:, 0], 2, atol=0.06)
    assert static[:, 2].max() < 0.2


def test_without_a_static_map_nothing_is_split(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: object) -> None:
        raise AssertionError("split for nobody")

    monkeypatch.setattr("mem4d_ros.runtime.scene.MotionSplitter.split", refuse)
    ros = start(static_map={"enabled": False})
    ros.play(ros.talker(Image, "/image"), make_image(1))
    assert ros.status().frames_processed == 1
    assert not ros.probe.count_publishers("/mem4d/static_map")


def test_the_map_is_latched_in_the_table_of_topics() -> None:
    assert topics.describe_qos(topics.STATIC_MAP) == "reliable, depth 1, transient local"
