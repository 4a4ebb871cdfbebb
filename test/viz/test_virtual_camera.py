"""Where a view stands, and what it takes for up."""

from __future__ import annotations

import numpy as np
import pytest

from mem4d_ros.viz.virtual_camera import up_of, view_from_above

UP = np.array([0.0, 0.0, 1.0])


def held(yaw_deg: float, down_deg: float) -> np.ndarray:
    """Pose (4, 4) of a camera in a z-up world that looks along its yaw and down."""
    yaw, down = np.deg2rad([yaw_deg, down_deg])
    forward = np.array([np.cos(yaw) * np.cos(down), np.sin(yaw) * np.cos(down), -np.sin(down)])
    right = np.array([np.sin(yaw), -np.cos(yaw), 0.0])
    pose = np.eye(4)
    pose[:3, :3] = np.stack([right, np.cross(forward, right), forward], -1)
    return pose


def degrees_off(poses: list[np.ndarray]) -> float:
    return float(np.rad2deg(np.arccos(up_of(np.stack(poses)) @ UP)))


@pytest.mark.parametrize("down_deg", [0.0, 20.0, 40.0, 60.0])
def test_cameras_that_look_around_and_down_know_up(down_deg: float) -> None:
    assert degrees_off([held(yaw, down_deg) for yaw in range(-40, 50, 10)]) < 5


def test_a_camera_that_never_turns_is_believed_to_be_level() -> None:
    assert degrees_off([held(10, 0)] * 3) < 1e-3
    assert degrees_off([held(10, 30)] * 3) == pytest.approx(30, abs=1e-3)


def test_from_above_a_tower_stands_on_its_own_foot() -> None:
    poses = np.stack([held(yaw, 30) for yaw in range(-40, 50, 10)])
    poses[:, :3, 3] = [0, 0, 1.5]
    floor = np.random.default_rng(0).uniform([0, -3, 0], [6, 3, 0.01], (500, 3))
    view = view_from_above(floor, poses, 400, 300)
    foot, _ = view.project(np.array([[3.0, 1.0, 0.0]]))
    top, _ = view.project(np.array([[3.0, 1.0, 2.0]]))
    ahead, _ = view.project(np.array([[5.0, 1.0, 0.0]]))
    assert np.linalg.norm(top - foot) < 0.1 * np.linalg.norm(ahead - foot)
    assert ahead[0, 1] < foot[0, 1]  # ahead is up in the picture
    pixels, _ = view.project(floor)
    assert ((pixels > 0) & (pixels < [399, 299])).all(-1).mean() > 0.95
