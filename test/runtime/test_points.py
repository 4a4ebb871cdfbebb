"""Only valid, sure and near points pass, each with its own colour."""

import numpy as np
import pytest

from mem4d_ros.geometry import pose_from, transform_points
from mem4d_ros.runtime.points import PointFilter, move_points, select_points

ORIGIN = np.zeros(3)


@pytest.fixture
def frame():
    rng = np.random.default_rng(0)
    points = rng.normal(0, 2, (24, 32, 3)).astype(np.float32)
    confidence = rng.uniform(1, 5, (24, 32)).astype(np.float32)
    image = rng.integers(0, 256, (24, 32, 3), np.uint8)
    return points, confidence, image


def test_everything_valid_passes_by_default(frame):
    points, confidence, image = frame
    selected = select_points(*frame, ORIGIN, PointFilter())
    assert np.array_equal(selected.positions, points.reshape(-1, 3))
    assert np.array_equal(selected.colours, image.reshape(-1, 3))
    assert np.array_equal(selected.confidences, confidence.reshape(-1))


def test_agrees_with_a_loop_over_pixels(frame):
    points, confidence, image = frame
    points[3, 3], confidence[3, 3] = np.nan, 0
    centre = np.array([1.0, -0.5, 0.25])
    expected = [
        (points[v, u], image[v, u], confidence[v, u])
        for v in range(0, 24, 3)
        for u in range(0, 32, 3)
        if np.linalg.norm(points[v, u] - centre) <= 3 and confidence[v, u] >= 2
    ]
    selected = select_points(points, confidence, image, centre, PointFilter(3, 2.0, 3.0))
    assert 0 < len(expected) < 88
    assert np.array_equal(selected.positions, [point for point, _, _ in expected])
    assert np.array_equal(selected.colours, [colour for _, colour, _ in expected])
    assert np.array_equal(selected.confidences, [sureness for _, _, sureness in expected])


def test_invalid_points_never_pass(frame):
    points, confidence, image = frame
    points[:, :16], confidence[:, :16] = np.nan, 0
    selected = select_points(points, confidence, image, ORIGIN, PointFilter(min_confidence=0.0))
    assert len(selected.positions) == 24 * 16
    assert np.isfinite(selected.positions).all()


def test_a_frame_without_any_valid_point_gives_an_empty_set(frame):
    points, confidence, image = frame
    selected = select_points(points * np.nan, confidence * 0, image, ORIGIN, PointFilter())
    assert selected.positions.shape == (0, 3)
    assert selected.colours.shape == (0, 3)


@pytest.mark.parametrize("shape", [(24, 32, 3), (7, 3), (0, 3)])
def test_moving_many_points_is_moving_each(shape):
    rng = np.random.default_rng(1)
    quaternion = rng.normal(size=4)
    pose = pose_from(quaternion / np.linalg.norm(quaternion), rng.normal(size=3))
    points = rng.normal(0, 2, shape).astype(np.float32)
    points[:1] = np.nan
    moved = move_points(pose, points)
    assert moved.dtype == np.float32
    assert moved.shape == shape
    np.testing.assert_allclose(moved, transform_points(pose, points), atol=1e-5)
