"""Of a sensor's points the camera is told those that it sees, where it sees them."""

from __future__ import annotations

import numpy as np
import pytest

from mem4d_ros.geometry import unproject
from mem4d_ros.runtime.scans import ScanSettings, seen_points

SIZE = (120, 160)
INTRINSICS = np.array([[120.0, 0.0, 79.5], [0.0, 120.0, 59.5], [0.0, 0.0, 1.0]])
SETTINGS = ScanSettings(deviation_ratio=0.05, least_deviation_m=0.02, max_points=100_000)


def wall(depth_m: float, rows: slice = slice(None), columns: slice = slice(None)) -> np.ndarray:
    """Points (N, 3) at every 4th pixel of a part of the image."""
    points = unproject(np.full(SIZE, depth_m), INTRINSICS)[rows, columns]
    return points[::4, ::4].reshape(-1, 3)


def test_points_appear_where_they_project_with_their_deviation() -> None:
    found = seen_points(wall(2.0), INTRINSICS, SIZE, SETTINGS)
    rows, columns = np.indices(SIZE)
    expected = np.stack((columns, rows), -1)[::4, ::4].reshape(-1, 2)
    np.testing.assert_allclose(found.pixels, expected, atol=1e-9)
    np.testing.assert_allclose(found.depth, 2.0)
    np.testing.assert_allclose(found.deviation, 0.1)
    near = seen_points(wall(0.2), INTRINSICS, SIZE, SETTINGS)
    np.testing.assert_allclose(near.deviation, 0.02)  # never less


def test_what_is_behind_or_beside_the_camera_is_left_out() -> None:
    behind, beside = -wall(2.0), wall(2.0) + np.array([5.0, 0.0, 0.0])
    found = seen_points(np.concatenate((behind, beside)), INTRINSICS, SIZE, SETTINGS)
    assert len(found.depth) == 0


def test_what_something_nearer_hides_is_left_out() -> None:
    """A lidar beside the camera sees the wall behind a pillar."""
    pillar = wall(1.0, columns=slice(60, 100))
    found = seen_points(np.concatenate((wall(3.0), pillar)), INTRINSICS, SIZE, SETTINGS)
    at_pillar = (found.pixels[:, 0] >= 60) & (found.pixels[:, 0] < 98)
    np.testing.assert_allclose(found.depth[at_pillar], 1.0)
    far = (found.pixels[:, 0] < 50) | (found.pixels[:, 0] > 110)
    np.testing.assert_allclose(found.depth[far], 3.0)
    assert far.sum() > 300


def test_a_slanted_floor_does_not_hide_itself() -> None:
    """As a planar lidar's line does not, nor a road that a rotating one sees."""
    rows, _ = np.indices(SIZE)
    depth = 0.6 * INTRINSICS[1, 1] / np.maximum(rows - INTRINSICS[1, 2], 1e-9)
    points = unproject(depth, INTRINSICS)[75::3, ::3].reshape(-1, 3)
    found = seen_points(points, INTRINSICS, SIZE, SETTINGS)
    assert len(found.depth) > 0.85 * len(points)


@pytest.mark.parametrize("most", [10, 100])
def test_no_more_points_than_allowed_from_all_over_the_scan(most: int) -> None:
    found = seen_points(wall(2.0), INTRINSICS, SIZE, ScanSettings(max_points=most))
    assert len(found.depth) == most
    assert np.ptp(found.pixels[:, 1]) > 100
