"""Clouds that agree are no distance apart, and an error of depth is the distance."""

from __future__ import annotations

import numpy as np
import pytest
from reconstructions import HEIGHT, WIDTH, flat_reconstruction, reconstruction_of

from mem4d_ros.evaluation.agreement import APART, distances_apart, overlapping_distances

STILL = np.zeros((HEIGHT, WIDTH), bool)


def test_the_same_wall_is_in_one_place() -> None:
    frames = [(flat_reconstruction(i, np.eye(4)), STILL) for i in range(APART + 3)]
    found = list(distances_apart(frames))
    assert len(found) == 3
    for distances in found:
        assert len(distances) == STILL.size
        assert distances.max() < 1e-5


def test_an_error_of_depth_is_a_distance_along_the_rays() -> None:
    wall, farther = (reconstruction_of(0, np.full(STILL.shape, z), np.eye(4)) for z in (2.0, 2.1))
    apart = overlapping_distances(farther, STILL, wall, STILL)
    lengths = np.linalg.norm(wall.points_camera, axis=-1).ravel()
    np.testing.assert_allclose(apart, 0.05 * lengths, rtol=1e-4)


@pytest.mark.parametrize("far", [0.5, 8.0])
def test_what_hides_the_other_or_moves_is_not_compared(far: float) -> None:
    wall, other = (reconstruction_of(0, np.full(STILL.shape, z), np.eye(4)) for z in (2.0, far))
    assert len(overlapping_distances(wall, STILL, other, STILL)) == 0
    half = STILL.copy()
    half[:, : WIDTH // 2] = True
    assert len(overlapping_distances(wall, half, wall, STILL)) == STILL.size // 2
    assert len(overlapping_distances(wall, half, wall, ~half)) == 0
