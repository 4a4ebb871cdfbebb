"""The view follows the camera from behind and above, however far that looks down."""

from __future__ import annotations

import numpy as np
import pytest

from mem4d_ros.geometry import BODY_FROM_OPTICAL
from mem4d_ros.viewer.following import ABOVE_M, BEHIND_M, Viewpoint, behind, overview


def camera(yaw: float, pitch: float = 0.0) -> np.ndarray:
    """A camera at (1, 2, 3) that looks down by `pitch`."""
    c, s = np.cos(yaw), np.sin(yaw)
    turn = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])
    c, s = np.cos(pitch), np.sin(pitch)
    nod = np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])
    pose = np.eye(4)
    pose[:3, :3] = turn @ nod @ BODY_FROM_OPTICAL[:3, :3]
    pose[:3, 3] = 1, 2, 3
    return pose


@pytest.mark.parametrize("pitch", [-0.5, 0.0, 0.9])
def test_it_is_behind_and_above(pitch: float) -> None:
    view = behind(camera(np.pi / 2, pitch))  # looks along y
    np.testing.assert_allclose(view.position, [1, 2 - BEHIND_M, 3 + ABOVE_M], atol=1e-9)
    assert view.target[1] > 2


def test_a_camera_that_looks_straight_down_heads_where_its_image_has_its_top() -> None:
    view = behind(camera(0.0, np.pi / 2))
    assert view.position[0] < 1
    np.testing.assert_allclose(view.position[1], 2, atol=1e-9)


def test_it_comes_nearer_step_by_step_and_jumps_over_long_ways() -> None:
    here, there = (Viewpoint(np.full(3, x), np.zeros(3)) for x in (0.0, 1.0))
    way = [here]
    for _ in range(60):
        way.append(way[-1].towards(there))
    distances = [np.linalg.norm(view.position - there.position) for view in way]
    assert distances == sorted(distances, reverse=True)
    assert distances[-1] < 0.01
    far = Viewpoint(np.full(3, 100.0), np.zeros(3))
    assert here.towards(far) is far


def test_an_overview_has_most_points_in_view() -> None:
    positions = np.random.default_rng(0).uniform((0, -3, 0), (8, 3, 2.5), (2000, 3))
    view = overview(positions, camera(0.0))
    forward = view.target - view.position
    forward /= np.linalg.norm(forward)
    towards = positions - view.position
    angles = np.arccos(towards @ forward / np.linalg.norm(towards, axis=-1))
    assert np.mean(np.degrees(angles) < 35) > 0.95
