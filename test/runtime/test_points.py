"""Only valid, sure and near points pass, each with its own colour."""

from __future__ import annotations

import numpy as np
import pytest

from mem4d_ros.geometry import pose_from, transform_points
from mem4d_ros.runtime.points import (
    ColouredPoints,
    PointFilter,
    between_heights,
    heights_of,
    move_points,
    one_per_voxel,
    select_points,
)

ORIGIN = np.zeros(3)
MAP_FROM_OPTICAL = np.array(
    [[0.0, 0, 1, 5.0], [-1.0, 0, 0, -2.0], [0.0, -1, 0, 1.5], [0, 0, 0, 1.0]]
)


@pytest.fixture
def frame() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    points = rng.normal(0, 2, (24, 32, 3)).astype(np.float32)
    confidence = rng.uniform(1, 5, (24, 32)).astype(np.float32)
    image = rng.integers(0, 256, (24, 32, 3), np.uint8)
    return points, confidence, image


def test_everything_valid_passes_by_default(
    frame: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    points, confidence, image = frame
    selected = select_points(*frame, ORIGIN, PointFilter())
    assert np.array_equal(selected.positions, points.reshape(-1, 3))
    assert np.array_equal(selected.colours, image.reshape(-1, 3))
    assert np.array_equal(selected.confidences, confidence.reshape(-1))


def test_agrees_with_a_loop_over_pixels(frame: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
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


def test_invalid_points_never_pass(frame: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    points, confidence, image = frame
    points[:, :16], confidence[:, :16] = np.nan, 0
    selected = select_points(points, confidence, image, ORIGIN, PointFilter(min_confidence=0.0))
    assert len(selected.positions) == 24 * 16
    assert np.isfinite(selected.positions).all()


def test_a_frame_without_any_valid_point_gives_an_empty_set(
    frame: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    points, confidence, image = frame
    selected = select_points(points * np.nan, confidence * 0, image, ORIGIN, PointFilter())
    assert selected.positions.shape == (0, 3)
    assert selected.colours.shape == (0, 3)


@pytest.mark.parametrize("shape", [(24, 32, 3), (7, 3), (0, 3)])
def test_moving_many_points_is_moving_each(shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(1)
    quaternion = rng.normal(size=4)
    pose = pose_from(quaternion / np.linalg.norm(quaternion), rng.normal(size=3))
    points = rng.normal(0, 2, shape).astype(np.float32)
    points[:1] = np.nan
    moved = move_points(pose, points)
    assert moved.dtype == np.float32
    assert moved.shape == shape
    np.testing.assert_allclose(moved, transform_points(pose, points), atol=1e-5)


@pytest.fixture
def cloud() -> ColouredPoints:
    rng = np.random.default_rng(0)
    return ColouredPoints(
        positions=rng.normal(0, 1, (500, 3)).astype(np.float32),
        colours=rng.integers(0, 256, (500, 3), np.uint8),
        confidences=rng.uniform(1, 5, 500).astype(np.float32),
    )


def rows(cloud: ColouredPoints, chosen: list[int]) -> list[tuple[float, ...]]:
    columns = cloud.positions[chosen], cloud.colours[chosen], cloud.confidences[chosen, None]
    return [tuple(row) for row in np.concatenate(columns, 1).tolist()]


def all_rows(cloud: ColouredPoints) -> list[tuple[float, ...]]:
    return rows(cloud, list(range(len(cloud.positions))))


def test_height_is_along_the_maps_z(cloud: ColouredPoints) -> None:
    homogeneous = np.column_stack((cloud.positions, np.ones(len(cloud.positions))))
    expected = (homogeneous @ MAP_FROM_OPTICAL.T)[:, 2]
    np.testing.assert_allclose(heights_of(cloud.positions, MAP_FROM_OPTICAL), expected, atol=1e-5)


def test_keeps_what_lies_between_two_heights(cloud: ColouredPoints) -> None:
    heights = heights_of(cloud.positions, MAP_FROM_OPTICAL)
    chosen = [i for i in range(500) if 1.0 <= 1.5 - cloud.positions[i, 1] <= 2.0]
    assert 0 < len(chosen) < 500
    assert all_rows(between_heights(cloud, heights, 1.0, 2.0)) == rows(cloud, chosen)


def test_keeps_the_surest_point_of_each_voxel(cloud: ColouredPoints) -> None:
    best: dict[tuple, int] = {}
    for i in range(500):
        cell = tuple(np.floor(cloud.positions[i] / np.float32(0.5)).tolist())
        if cell not in best or cloud.confidences[i] > cloud.confidences[best[cell]]:
            best[cell] = i
    assert len(best) < 500
    assert all_rows(one_per_voxel(cloud, 0.5)) == rows(cloud, sorted(best.values()))


def test_nothing_stays_nothing(cloud: ColouredPoints) -> None:
    none = between_heights(cloud, np.zeros(500), 1.0, 2.0)
    assert none.positions.shape == one_per_voxel(none, 0.1).positions.shape == (0, 3)


def test_voxels_far_apart_are_told_from_each_other() -> None:
    positions = np.array([(0, 0, 0), (9e17, 9e17, -9e17), (0, 0, 0.4), (9e17, 0, 0)], np.float32)
    confidences = np.array([1, 2, 3, 4], np.float32)
    cloud = ColouredPoints(positions, np.zeros((4, 3), np.uint8), confidences)
    assert one_per_voxel(cloud, 0.5).confidences.tolist() == [2, 3, 4]
