"""The map, the robot and the camera, without ROS running."""

from __future__ import annotations

import numpy as np

from mem4d_ros.geometry import transform_points
from mem4d_ros.geometry.pose_text import parse_pose
from mem4d_ros.ros.robot.placers import BODY_FROM_OPTICAL, BasePlacer, CameraPlacer


def test_optical_axes_in_the_body() -> None:
    right, down, forward = transform_points(BODY_FROM_OPTICAL, np.eye(3))
    assert right.tolist() == [0, -1, 0]
    assert down.tolist() == [0, 0, -1]
    assert forward.tolist() == [1, 0, 0]


def test_the_camera_starts_at_the_initial_pose() -> None:
    placement = CameraPlacer(parse_pose("1 2 3 0 0 0.5")).place(np.eye(4), "camera", 0)
    assert placement.tracked_frame == "camera"
    np.testing.assert_allclose(placement.map_from_tracked[:3, 3], [1, 2, 3])
    looks_along = placement.map_from_camera[:3, 2]
    np.testing.assert_allclose(looks_along, [np.cos(0.5), np.sin(0.5), 0], atol=1e-12)


def test_the_base_starts_at_the_initial_pose_however_the_camera_is_mounted() -> None:
    mount = parse_pose("0.2 -0.1 0.7 -1.9 0.1 -1.4")
    initial = parse_pose("5 6 0 0 0 1")
    placer = BasePlacer(initial, "base", lambda frame, stamp: mount)
    placement = placer.place(np.eye(4), "camera", 0)
    np.testing.assert_allclose(placement.map_from_tracked, initial, atol=1e-12)
    np.testing.assert_allclose(placement.map_from_camera, initial @ mount, atol=1e-12)


def test_a_camera_that_turns_on_the_robot_does_not_move_the_robot() -> None:
    """A pan-tilt head: extrinsics and camera pose change together."""
    mounts = [parse_pose("0 0 1 -1.57 0 -1.57"), parse_pose("0 0 1 -1.57 0 -0.7")]
    placer = BasePlacer(np.eye(4), "base", lambda frame, stamp: mounts[stamp])
    placer.place(np.eye(4), "camera", 0)
    camera_to_world = np.linalg.inv(mounts[0]) @ mounts[1]
    placement = placer.place(camera_to_world, "camera", 1)
    np.testing.assert_allclose(placement.map_from_tracked, np.eye(4), atol=1e-12)


def test_a_new_world_starts_where_the_base_starts() -> None:
    mounts = [parse_pose("0 0 1 -1.57 0 -1.57"), parse_pose("0 0 1 -1.57 0 -0.7")]
    placer = BasePlacer(np.eye(4), "base", lambda frame, stamp: mounts[stamp])
    placer.place(np.eye(4), "camera", 0)
    placer.restart()
    placement = placer.place(np.eye(4), "camera", 1)
    np.testing.assert_allclose(placement.map_from_tracked, np.eye(4), atol=1e-12)
