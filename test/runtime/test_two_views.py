"""Two views of points whose depth is known badly: the way between them keeps the depth's scale."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from mem4d_ros.geometry import project, transform_points
from mem4d_ros.runtime.pose_sources.two_views import refine

K = np.array([[230.0, 0, 127.5], [0, 230.0, 95.5], [0, 0, 1]])
POINTS = 150


def scene(
    rng: np.random.Generator, deviation: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Rays, true and noisy depth, pixels in the second view and its pose."""
    pixels = rng.uniform((0, 0), (255, 191), (POINTS, 2))
    rays = np.column_stack((pixels, np.ones(POINTS))) @ np.linalg.inv(K).T
    depth = rng.uniform(1.5, 4, POINTS)
    motion = np.eye(4)
    motion[:3, :3] = Rotation.from_rotvec(rng.normal(0, 0.03, 3)).as_matrix()
    motion[:3, 3] = rng.permutation([0.25, 0.05, -0.1])
    seen, _ = project(transform_points(motion, rays * depth[:, None]), K)
    seen = seen + rng.normal(0, 0.2, seen.shape)
    return rays, depth, depth * np.exp(rng.normal(0, deviation, POINTS)), seen, motion


@pytest.mark.parametrize("deviation", [0.0, 0.1, 0.2])
def test_noisy_depth_does_not_shorten_the_way(deviation: float) -> None:
    """By points taken for exact it is, by 40 % at a deviation of 20 %: see the module."""
    rng, ratios = np.random.default_rng(0), []
    for _ in range(20):
        rays, _, guess, seen, motion = scene(rng, deviation)
        found, _ = refine(rays, guess, seen, K, np.eye(4))
        ratios.append(np.linalg.norm(found[:3, 3]) / np.linalg.norm(motion[:3, 3]))
    assert np.exp(np.mean(np.log(ratios))) == pytest.approx(1, abs=0.02)
    assert np.std(ratios) < 0.05


def test_depths_become_better() -> None:
    rays, depth, guess, seen, motion = scene(np.random.default_rng(1), 0.15)
    found, refined = refine(rays, guess, seen, K, np.eye(4))
    scale = np.linalg.norm(found[:3, 3]) / np.linalg.norm(motion[:3, 3])
    before, after = (np.std(np.log(values / depth)) for values in (guess, refined))
    assert after < before / 3
    assert np.exp(np.median(np.log(refined / depth))) == pytest.approx(scale, rel=0.01)


def test_exact_points_give_the_exact_pose_although_some_move() -> None:
    rays, depth, _, seen, motion = scene(np.random.default_rng(2), 0.0)
    moving = rays * depth[:, None] + [0.0, 0.3, 0.1]
    seen[:30], _ = project(transform_points(motion, moving[:30]), K)
    found, _ = refine(rays, depth, seen, K, np.eye(4))
    np.testing.assert_allclose(found, motion, atol=0.01)


def test_without_motion_there_is_none() -> None:
    rng = np.random.default_rng(3)
    rays, _, guess, _, _ = scene(rng, 0.2)
    seen, _ = project(rays, K)
    found, refined = refine(rays, guess, seen, K, np.eye(4))
    np.testing.assert_allclose(found, np.eye(4), atol=1e-6)
    np.testing.assert_allclose(refined, guess, rtol=1e-6)
