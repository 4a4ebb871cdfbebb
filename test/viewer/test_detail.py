"""Level of detail: never more points than there may be, everywhere some, and steady."""

from __future__ import annotations

import numpy as np

from mem4d_ros.runtime import ColouredPoints
from mem4d_ros.viewer.detail import Detail, evenly
from mem4d_ros.viewer.scene import MapCloud


def a_room(count: int, seed: int = 0, side_m: float = 8.0) -> ColouredPoints:
    """Points on the floor and on two walls."""
    random = np.random.default_rng(seed)
    positions = random.uniform(0, side_m, (count, 3)).astype(np.float32)
    positions[np.arange(count), random.integers(0, 3, count)] = 0
    colours = random.integers(0, 256, (count, 3)).astype(np.uint8)
    return ColouredPoints(positions, colours, random.uniform(1, 9, count).astype(np.float32))


def test_a_small_map_stays_as_it_is() -> None:
    cloud = MapCloud(a_room(1000))
    assert Detail(1000).thinned(cloud) is cloud


def test_a_large_map_has_at_most_so_many_points_and_no_holes() -> None:
    points = a_room(200_000)
    detail = Detail(20_000)
    thinned = detail.thinned(MapCloud(points)).points
    assert 4_000 < len(thinned.positions) <= 20_000

    def cells(positions: np.ndarray) -> set[tuple[int, ...]]:
        return set(map(tuple, np.floor(positions / detail.voxel_m).astype(int)))

    assert cells(thinned.positions) == cells(points.positions)


def test_the_most_confident_point_of_a_voxel_is_kept() -> None:
    points = a_room(50_000)
    detail = Detail(2_000)
    thinned = detail.thinned(MapCloud(points)).points
    best: dict[tuple[int, ...], float] = {}
    for cell, confidence in zip(
        map(tuple, np.floor(points.positions / np.float32(detail.voxel_m)).astype(int)),
        points.confidences.tolist(),
        strict=True,
    ):
        best[cell] = max(best.get(cell, 0.0), confidence)
    assert sorted(thinned.confidences.tolist()) == sorted(best.values())


def test_times_go_with_their_points() -> None:
    points = a_room(5_000)
    times = points.positions[:, 0].astype(np.float64)
    thinned = Detail(500).thinned(MapCloud(points, times))
    np.testing.assert_array_equal(thinned.times, thinned.points.positions[:, 0])


def test_a_map_that_grows_and_shrinks_a_little_keeps_its_voxel() -> None:
    detail = Detail(20_000)
    detail.thinned(MapCloud(a_room(100_000)))
    voxel_m = detail.voxel_m
    for count in (90_000, 110_000, 60_000):
        detail.thinned(MapCloud(a_room(count)))
        assert detail.voxel_m == voxel_m


def test_a_map_that_was_forgotten_is_fine_again() -> None:
    detail = Detail(5_000)
    detail.thinned(MapCloud(a_room(100_000, side_m=80.0)))
    coarse_m = detail.voxel_m
    for _ in range(5):
        small = detail.thinned(MapCloud(a_room(100_000, side_m=2.0)))
    assert detail.voxel_m < coarse_m
    assert len(small.points.positions) > 1_000


def test_a_frame_is_thinned_evenly() -> None:
    points = a_room(1001)
    thinned = evenly(points, 100)
    assert 80 <= len(thinned.positions) <= 100
    np.testing.assert_array_equal(thinned.positions, points.positions[:: 1001 // 91])
    assert evenly(points, 2000) is points
