"""Clouds hold what the settings ask for: by height in the map, and one point a voxel."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from reconstructions import HEIGHT, WIDTH, flat_reconstruction
from robot_odometry import BASE_TO_CAMERA
from ros_probe import Session, Start, make_image
from sensor_msgs.msg import Image, PointCloud2

from mem4d_ros.geometry import transform_points
from mem4d_ros.geometry.pose_text import parse_pose
from mem4d_ros.ros.interface.settings import PointSettings, Settings
from mem4d_ros.ros.output.points import points_in_camera, points_in_map
from mem4d_ros.ros.robot.placers import CameraPlacer, Placement
from mem4d_ros.runtime import Reconstruction

CAMERA_HEIGHT_M = 1.2
LEANING = np.eye(4)
LEANING[:3, :3] = [[1, 0, 0], [0, 0.8, -0.6], [0, 0.6, 0.8]]  # looks down


@pytest.fixture
def leaning() -> tuple[Reconstruction, Placement]:
    """A wall seen by a camera 1.2 m above the floor that looks down, and its place."""
    frame = flat_reconstruction(1, LEANING)
    placer = CameraPlacer(parse_pose(f"0 0 {CAMERA_HEIGHT_M} 0 0 0"))
    return frame, placer.place(frame.camera_to_world, "camera", 0)


def heights(points: np.ndarray, placement: Placement) -> np.ndarray:
    return transform_points(placement.map_from_camera, points.astype(float))[:, 2]


def limited(**limits: float) -> Settings:
    return replace(Settings(), points=PointSettings(**limits))


def test_both_clouds_are_cut_at_the_same_heights_of_the_map(
    leaning: tuple[Reconstruction, Placement],
) -> None:
    frame, placement = leaning
    everything = points_in_camera(frame, placement, Settings())
    assert len(everything.positions) == HEIGHT * WIDTH
    above_map = heights(everything.positions, placement)
    low, high = np.quantile(above_map, [0.3, 0.8])
    settings = limited(min_height=float(low), max_height=float(high))
    in_camera = points_in_camera(frame, placement, settings)
    expected = everything.positions[(above_map >= low) & (above_map <= high)]
    assert len(in_camera.positions) == pytest.approx(len(expected), abs=WIDTH)  # rounding
    assert len(in_camera.positions) == pytest.approx(HEIGHT * WIDTH / 2, rel=0.05)
    in_map = points_in_map(frame, placement, settings)
    assert in_map.positions[:, 2].min() > low - 1e-6
    assert in_map.positions[:, 2].max() < high + 1e-6
    assert len(in_map.positions) == pytest.approx(len(expected), abs=WIDTH)


def test_one_point_is_left_of_each_voxel(leaning: tuple[Reconstruction, Placement]) -> None:
    frame, placement = leaning
    for cloud in (
        points_in_camera(frame, placement, limited(voxel_size=0.25)),
        points_in_map(frame, placement, limited(voxel_size=0.25)),
    ):
        cells = np.floor(cloud.positions / np.float32(0.25)).astype(int)
        assert len(np.unique(cells, axis=0)) == len(cells)
        assert 50 < len(cells) < HEIGHT * WIDTH / 4


def test_without_limits_no_place_in_the_map_is_needed(
    leaning: tuple[Reconstruction, Placement],
) -> None:
    frame, _ = leaning
    assert len(points_in_camera(frame, None, Settings()).positions) == HEIGHT * WIDTH


def test_the_node_sends_only_what_stands_between_the_heights(
    session: Session,
) -> None:
    """Of a wall: the base stands on the floor, and the camera is 0.5 m above it."""
    ros, received = session(
        frames=1,
        tf={"mode": "base", "base_to_camera": BASE_TO_CAMERA},
        points={"min_height": 0.2, "max_height": 0.7},
    )
    above_floor = 0.5 - ros.xyz(received["~/points_camera"][0])[:, 1]
    assert above_floor.min() == pytest.approx(0.2, abs=0.05)
    assert above_floor.max() == pytest.approx(0.7, abs=0.05)
    in_map = ros.xyz(received["~/points"][0])[:, 2]
    assert (in_map.min(), in_map.max()) == pytest.approx(
        (above_floor.min(), above_floor.max()), abs=1e-5
    )


def test_what_cannot_be_limited_is_not_sent(start: Start) -> None:
    """Nobody says where the camera is on the robot, and so how high anything is."""
    ros = start(tf={"mode": "base"}, points={"min_height": 0.2})
    clouds = ros.listen(PointCloud2, "/mem4d/points_camera")
    depths = ros.listen(Image, "/mem4d/depth/image")
    ros.play(ros.talker(Image, "/image"), make_image(1))
    ros.wait_for(lambda: depths)
    assert not clouds
    assert "'camera_optical' to 'base_link'" in ros.status().last_error
