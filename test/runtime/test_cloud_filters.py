"""Each filter against a plain loop."""

import numpy as np
import pytest

from mem4d_ros.runtime.cloud_filters import (
    at_least_as_sure,
    between_heights,
    heights_of,
    one_per_voxel,
    within_range,
)
from mem4d_ros.runtime.points import ColouredPoints

MAP_FROM_OPTICAL = np.array(
    [[0.0, 0, 1, 5.0], [-1.0, 0, 0, -2.0], [0.0, -1, 0, 1.5], [0, 0, 0, 1.0]]
)


@pytest.fixture
def cloud() -> ColouredPoints:
    rng = np.random.default_rng(0)
    return ColouredPoints(
        positions=rng.normal(0, 1, (500, 3)).astype(np.float32),
        colours=rng.integers(0, 256, (500, 3), np.uint8),
        confidences=rng.uniform(1, 5, 500).astype(np.float32),
    )


def rows(cloud: ColouredPoints, chosen: list[int]) -> list[tuple]:
    columns = cloud.positions[chosen], cloud.colours[chosen], cloud.confidences[chosen, None]
    return [tuple(row) for row in np.concatenate(columns, 1).tolist()]


def all_rows(cloud: ColouredPoints) -> list[tuple]:
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


def test_keeps_what_is_near_but_not_too_near(cloud: ColouredPoints) -> None:
    centre = np.array([0.5, 0.0, -0.5])
    chosen = [i for i in range(500) if 0.7 <= np.linalg.norm(cloud.positions[i] - centre) <= 1.5]
    assert 0 < len(chosen) < 500
    assert all_rows(within_range(cloud, centre, 0.7, 1.5)) == rows(cloud, chosen)


def test_keeps_what_is_sure(cloud: ColouredPoints) -> None:
    chosen = [i for i in range(500) if cloud.confidences[i] >= 3]
    assert all_rows(at_least_as_sure(cloud, 3.0)) == rows(cloud, chosen)


def test_keeps_the_surest_point_of_each_voxel(cloud: ColouredPoints) -> None:
    best: dict[tuple, int] = {}
    for i in range(500):
        cell = tuple(np.floor(cloud.positions[i] / np.float32(0.5)).tolist())
        if cell not in best or cloud.confidences[i] > cloud.confidences[best[cell]]:
            best[cell] = i
    assert len(best) < 500
    assert all_rows(one_per_voxel(cloud, 0.5)) == rows(cloud, sorted(best.values()))


def test_nothing_stays_nothing(cloud: ColouredPoints) -> None:
    none = at_least_as_sure(cloud, 1e9)
    assert none.positions.shape == one_per_voxel(none, 0.1).positions.shape == (0, 3)
