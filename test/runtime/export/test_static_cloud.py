"""The static cloud, against a dictionary of voxels."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mem4d_ros.runtime import ColouredPoints
from mem4d_ros.runtime.export import VoxelCloud, static_cloud


def random_points(count: int, seed: int, size_m: float = 1.0) -> ColouredPoints:
    rng = np.random.default_rng(seed)
    return ColouredPoints(
        rng.uniform(-size_m, size_m, (count, 3)).astype(np.float32),
        rng.integers(0, 256, (count, 3), np.uint8),
        rng.uniform(1, 9, count).astype(np.float32),
    )


def brute_force(clouds: list[ColouredPoints], voxel_m: float) -> dict[tuple[int, ...], np.ndarray]:
    """Position, colour and confidence (7,) of each voxel."""
    members = defaultdict(list)
    for cloud in clouds:
        for position, colour, confidence in zip(*vars(cloud).values(), strict=True):
            cell = tuple(int(c) for c in np.floor(position.astype(float) / voxel_m))
            members[cell].append((*position, *colour, confidence))
    means = {}
    for cell, rows in members.items():
        rows = np.array(rows, float)
        mean = (rows[:, :6] * rows[:, 6:]).sum(0) / rows[:, 6].sum()
        means[cell] = np.append(mean, rows[:, 6].max())
    return means


@given(seed=st.integers(0, 99), frames=st.integers(0, 4), pending=st.sampled_from([1, 50, 10**6]))
def test_a_voxel_is_the_weighted_mean_of_its_points(seed: int, frames: int, pending: int) -> None:
    clouds = [random_points(40, seed + frame) for frame in range(frames)]
    voxels = VoxelCloud(0.5)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(static_cloud, "PENDING_POINTS", pending)
        for cloud in clouds:
            voxels.integrate(cloud)
    found, expected = voxels.points(), brute_force(clouds, 0.5)
    assert len(found.positions) == len(expected)
    for position, colour, confidence in zip(*vars(found).values(), strict=True):
        mean = expected[tuple(int(c) for c in np.floor(position.astype(float) / 0.5))]
        np.testing.assert_allclose(position, mean[:3], atol=1e-6)
        np.testing.assert_allclose(colour, mean[3:6], atol=0.5001)
        assert confidence == np.float32(mean[6])


def test_too_many_voxels_grow_instead() -> None:
    voxels = VoxelCloud(0.05, max_voxels=300)
    cloud = random_points(5000, 0)
    voxels.integrate(cloud)
    found = voxels.points()
    assert 0 < len(found.positions) <= 300
    assert voxels.voxel_m == 0.4
    centre = np.average(cloud.positions, axis=0, weights=cloud.confidences)
    assert np.abs(found.positions.mean(0) - centre).max() < 0.1
