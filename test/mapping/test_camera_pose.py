"""Poses from landmarks of known and of guessed depth, exact but for noise that is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mem4d_ros.geometry import rigid_inverse
from mem4d_ros.mapping.camera_pose import Points, locate, refine, seen_at
from mem4d_ros.mapping.rotations import angle_between, exponential

DEVIATION = 0.002


def pose_at(turn: tuple[float, float, float], position: tuple[float, float, float]) -> np.ndarray:
    pose = np.eye(4)
    pose[:3, :3], pose[:3, 3] = exponential(np.array(turn)), position
    return pose


TRUE = pose_at((0.05, -0.15, 0.03), (0.3, 0.1, -0.2))


def all_round(count: int) -> np.ndarray:
    """Directions (N, 2, 3) of points that are seen as well in all."""
    return np.tile(np.eye(2, 3), (count, 1, 1))


def landmarks(
    count: int, depth_error: float, seed: int = 0, variance: float | None = None
) -> tuple[Points, np.ndarray]:
    """Points of a host at the origin, wrong in depth, and where TRUE sees the right ones."""
    rng = np.random.default_rng(seed)
    right = np.concatenate((rng.uniform(-0.5, 0.5, (count, 2)), np.ones((count, 1))), -1)
    right *= rng.uniform(2, 5, (count, 1))
    seen = seen_at(right, TRUE)[0] + rng.normal(0, DEVIATION, (count, 2))
    wrong = right * np.exp(rng.normal(0, depth_error, (count, 1)))
    spread = np.full(count, depth_error**2 if variance is None else variance)
    return Points(wrong, wrong, spread, np.ones(count), all_round(count)), seen


@pytest.mark.parametrize("seed", range(5))
def test_known_landmarks_give_the_pose(seed: int) -> None:
    points, seen = landmarks(100, 0.0, seed)
    found = locate(points, seen, DEVIATION, np.eye(4))
    assert found is not None
    np.testing.assert_allclose(found.camera_to_world[:3, 3], TRUE[:3, 3], atol=0.01)
    assert angle_between(found.camera_to_world[:3, :3], TRUE[:3, :3]) < 0.003
    assert found.agrees.mean() > 0.97


@pytest.mark.parametrize("seed", range(5))
def test_depths_that_are_guessed_do_not_mislead_where_they_are_known_to_be(seed: int) -> None:
    """Half of them are off by a factor of 1.3: it helps to know which."""
    points, seen = landmarks(200, 0.0, seed)
    rng = np.random.default_rng(seed)
    off = np.exp(rng.normal(0, 0.3, 100))[:, None]
    position = points.position.copy()
    position[:100] *= off
    told = np.where(np.arange(200) < 100, 0.3**2, 0.0)
    errors = []
    for variance in (told, np.zeros(200)):
        guessed = Points(position, position, variance, np.ones(200), all_round(200))
        found = locate(guessed, seen, DEVIATION, np.eye(4))
        assert found is not None
        errors.append(np.linalg.norm(found.camera_to_world[:3, 3] - TRUE[:3, 3]))
    assert errors[0] < 0.01
    assert errors[0] < errors[1] + 0.002


@pytest.mark.parametrize("share", [0.2, 0.4])
def test_what_moves_together_is_outvoted(share: float) -> None:
    points, seen = landmarks(150, 0.0)
    moving = np.arange(150) < share * 150
    elsewhere = points.position + moving[:, None] * np.array([0.3, 0.0, 0.0])
    seen = np.where(moving[:, None], seen_at(elsewhere, TRUE)[0], seen)
    found = locate(points, seen, DEVIATION, np.eye(4))
    assert found is not None
    np.testing.assert_allclose(found.camera_to_world[:3, 3], TRUE[:3, 3], atol=0.015)
    assert not found.agrees[moving].any()


def test_old_landmarks_outvote_more_numerous_new_ones() -> None:
    points, seen = landmarks(150, 0.0)
    moving = np.arange(150) < 90
    elsewhere = points.position + moving[:, None] * np.array([0.05, 0.0, 0.0])
    seen = np.where(moving[:, None], seen_at(elsewhere, TRUE)[0], seen)
    weight = np.where(moving, 0.1, 0.9)
    trusted = replace(points, weight=weight)
    found = locate(trusted, seen, DEVIATION, np.eye(4))
    assert found is not None
    np.testing.assert_allclose(found.camera_to_world[:3, 3], TRUE[:3, 3], atol=0.015)


def test_a_pose_far_from_the_expected_one_is_found() -> None:
    points, seen = landmarks(100, 0.0)
    found = locate(points, seen, DEVIATION, pose_at((0.0, 2.5, 0.0), (3.0, 0.0, 0.0)))
    assert found is not None
    np.testing.assert_allclose(found.camera_to_world[:3, 3], TRUE[:3, 3], atol=0.01)


def test_noise_has_no_pose() -> None:
    points, _ = landmarks(100, 0.0)
    seen = np.random.default_rng(1).uniform(-0.5, 0.5, (100, 2))
    assert locate(points, seen, DEVIATION, np.eye(4)) is None


def test_too_few_landmarks_have_no_pose() -> None:
    points, seen = landmarks(8, 0.0)
    assert locate(points, seen, DEVIATION, TRUE) is None


def test_the_covariance_is_that_of_many_trials() -> None:
    """Mean squared normalised error of position and turn is that of χ² with 3 degrees: 3."""
    turns, positions = [], []
    for seed in range(100):
        points, seen = landmarks(60, 0.0, seed)
        found = locate(points, seen, DEVIATION, TRUE)
        assert found is not None
        turn = (rigid_inverse(TRUE) @ found.camera_to_world)[:3, :3]
        vector = np.array([turn[2, 1], turn[0, 2], turn[1, 0]])
        off = found.camera_to_world[:3, 3] - TRUE[:3, 3]
        turns.append(vector @ np.linalg.solve(found.covariance[:3, :3], vector))
        positions.append(off @ np.linalg.solve(found.covariance[3:, 3:], off))
    assert 2.2 < np.mean(turns) < 4.0
    assert 2.2 < np.mean(positions) < 4.0


def test_points_that_slide_along_edges_lead_astray_only_who_takes_them_for_corners() -> None:
    """All but twenty of them lie on level edges, along which the tracker has lost them."""
    points, seen = landmarks(150, 0.0)
    slides = np.arange(150) >= 20
    seen[slides, 0] = seen_at(points.position, np.eye(4))[0][slides, 0]
    along = np.where(slides, 0.003, 1.0)[:, None, None]
    told = np.stack((np.eye(3)[[1, 0]],) * 150)
    told[:, 1:] *= along
    # The world's axes are those of the first camera; TRUE is turned little against it.
    known = locate(replace(points, sharpness=told), seen, DEVIATION, np.eye(4))
    taken_for_corners = locate(points, seen, DEVIATION, np.eye(4))
    assert known is not None
    assert taken_for_corners is not None
    np.testing.assert_allclose(known.camera_to_world[:3, 3], TRUE[:3, 3], atol=0.02)
    off = taken_for_corners.camera_to_world[:3, 3] - TRUE[:3, 3]
    assert np.linalg.norm(off) > 0.05


def test_the_covariance_of_directed_points_is_that_of_many_trials() -> None:
    """Each is seen a fifth as sharply in a direction of its own."""
    ratios = []
    for seed in range(100):
        rng = np.random.default_rng(seed)
        points, _ = landmarks(60, 0.0, seed)
        angle = rng.uniform(0, np.pi, 60)
        turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        directions = turn.transpose(2, 0, 1) * np.array([1.0, 0.2])[:, None]  # (60, 2, 2)
        noise = rng.normal(0, DEVIATION, (60, 2, 1))
        seen = seen_at(points.position, TRUE)[0] + np.linalg.solve(directions, noise)[..., 0]
        in_the_world = directions @ TRUE[:3, :2].T
        found = locate(replace(points, sharpness=in_the_world), seen, DEVIATION, TRUE)
        assert found is not None
        off = found.camera_to_world[:3, 3] - TRUE[:3, 3]
        ratios.append(off @ np.linalg.solve(found.covariance[3:, 3:], off))
    assert 2.2 < np.mean(ratios) < 4.0


def test_edges_alone_have_no_pose() -> None:
    """Whatever the pose, points agree that may lie anywhere along their edges."""
    points, seen = landmarks(150, 0.0)
    directions = all_round(150)
    directions[:, 1] *= 0.003
    assert locate(points, seen, DEVIATION, TRUE) is not None
    assert locate(replace(points, sharpness=directions), seen, DEVIATION, TRUE) is None


@pytest.mark.parametrize("seed", range(10))
def test_a_start_that_is_nowhere_near_is_no_error(seed: int) -> None:
    """Three points of a sample that lie at infinity put the camera there, too."""
    points, seen = landmarks(60, 0.0)
    rng = np.random.default_rng(seed)
    far, variance = points.position.copy(), np.zeros(60)
    which = slice(None, None, rng.integers(2, 9))
    far[which] *= 10.0 ** rng.integers(6, 12)
    variance[which] = 1e9
    turn, way = rng.uniform(-1, 1, 3), rng.normal(0, 1, 3) * 10.0 ** rng.integers(6, 13)
    lost = pose_at(tuple(turn), tuple(way))
    found = refine(
        replace(points, position=far, depth_change=far, variance=variance), seen, DEVIATION, lost
    )
    assert np.isfinite(found.camera_to_world).all()
    assert np.isfinite(found.covariance).all()
