"""A scale that is known is found, however wrong single steps are."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from reconstructions import flat_reconstruction
from scipy.spatial.transform import Rotation

from mem4d_ros.geometry import project, rigid_inverse, transform_points
from mem4d_ros.mapping import Correction, moved_pose
from mem4d_ros.runtime.scale import FixedScale, MetricWorld, OdometryScale, PointScale

TRUE_SCALE = 2.5


def poses(positions: np.ndarray) -> np.ndarray:
    stack = np.tile(np.eye(4), (len(positions), 1, 1))
    stack[:, :3, 3] = positions
    return stack


def curve(count: int) -> np.ndarray:
    """A walk of 4 cm a step, in metres."""
    t = 0.04 * np.arange(count)
    return np.stack((np.sin(t), np.zeros(count), t), -1)


def observe(scale: OdometryScale, own: np.ndarray, external: np.ndarray) -> None:
    for one, other in zip(poses(own), poses(external), strict=True):
        scale.observe(one, other)


def test_exact_motion_gives_the_exact_scale() -> None:
    scale, path = OdometryScale(), curve(60)
    observe(scale, path / TRUE_SCALE, path)
    assert scale.estimate.value == pytest.approx(TRUE_SCALE)
    assert scale.estimate.deviation == pytest.approx(0, abs=1e-9)


def test_nothing_is_claimed_before_there_is_motion() -> None:
    scale = OdometryScale()
    observe(scale, np.zeros((500, 3)), 0.01 * np.random.default_rng(0).normal(size=(500, 3)))
    assert scale.estimate.value == 1.0
    assert scale.estimate.deviation == math.inf


def test_a_part_of_the_world_that_grows_changes_the_steps_that_hang_on_it() -> None:
    """Most of it was mapped too large, which a loop shows; the jump itself says nothing."""
    scale, path = OdometryScale(window=1000), curve(200)
    own = path / TRUE_SCALE
    for number, (one, other) in enumerate(zip(poses(own), poses(path), strict=True)):
        if number >= 50:
            one[:3, 3] = own[50] + 1.3 * (own[number] - own[50])
        scale.observe(one, other, keyframe=number // 50)
    assert scale.estimate.value == pytest.approx(TRUE_SCALE / 1.3, rel=1e-3)
    shrinking = np.diag([1 / 1.3, 1 / 1.3, 1 / 1.3, 1.0])
    scale.correct(Correction(np.array([0, 1]), np.stack((np.eye(4), shrinking))))
    assert scale.estimate.value == pytest.approx(TRUE_SCALE, rel=1e-3)
    assert scale.estimate.deviation < 1e-3
    scale.observe(poses(np.full((1, 3), 9.0))[0], poses(path[-1:])[0])
    assert scale.estimate.value == pytest.approx(TRUE_SCALE, rel=1e-3)


def test_a_quarter_of_wrong_steps_hardly_matters() -> None:
    rng = np.random.default_rng(1)
    steps = np.diff(curve(400), axis=0)
    own = steps / TRUE_SCALE
    wrong = rng.random(len(own)) < 0.25 / 3  # a step of the estimator holds three of these
    own[wrong] *= 8
    scale = OdometryScale()
    observe(scale, own.cumsum(0), steps.cumsum(0))
    assert scale.estimate.value == pytest.approx(TRUE_SCALE, rel=0.02)


def test_the_deviation_is_that_of_repeated_trials() -> None:
    found, claimed = [], []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        steps = np.diff(curve(120), axis=0)
        own = steps / TRUE_SCALE * np.exp(rng.normal(0, 0.3, (len(steps), 1)))
        scale = OdometryScale(smoothing=1.0)
        observe(scale, own.cumsum(0), steps.cumsum(0))
        found.append(math.log(scale.estimate.value))
        claimed.append(scale.estimate.deviation)
    assert 0.6 < np.mean(claimed) / np.std(found) < 1.6


def test_a_change_of_scale_is_followed_without_a_jump() -> None:
    scale, steps = OdometryScale(), np.diff(curve(600), axis=0)
    own = steps / np.where(np.arange(len(steps)) < 300, 2.0, 3.0)[:, None]
    values = []
    for one, other in zip(poses(own.cumsum(0)), poses(steps.cumsum(0)), strict=True):
        scale.observe(one, other)
        values.append(scale.estimate.value)
    assert values[299] == pytest.approx(2.0, rel=0.01)
    assert values[-1] == pytest.approx(3.0, rel=0.01)
    assert np.abs(np.diff(values[299:])).max() < 0.35


def test_a_step_over_a_gap_does_not_count() -> None:
    scale, path = OdometryScale(), curve(200)
    for index, (own, external) in enumerate(
        zip(poses(path / TRUE_SCALE), poses(path), strict=True)
    ):
        lost = index % 10 == 5
        own[:3, 3] += index // 10  # the own track jumps wherever it was lost
        scale.observe(own, None if lost else external)
        if lost:
            continue
    assert scale.estimate.value == pytest.approx(TRUE_SCALE, rel=0.01)


def test_a_fixed_scale_is_what_was_given() -> None:
    scale = FixedScale(1.7)
    scale.observe(np.eye(4), np.eye(4), 0)
    scale.correct(Correction(np.array([0]), np.diag([2.0, 2, 2, 1])[None]))
    assert (scale.estimate.value, scale.estimate.deviation) == (1.7, 0.0)


@pytest.mark.parametrize("value", [0.0, -1.0, math.nan, math.inf])
def test_a_fixed_scale_must_be_one(value: float) -> None:
    with pytest.raises(ValueError, match="positive"):
        FixedScale(value)


def walk(count: int) -> np.ndarray:
    """Poses (count, 4, 4) of a camera that walks and looks about."""
    stack = poses(curve(count))
    angles = np.linspace(0, 1, count)[:, None] * [0.3, 1.0, 0.1]
    stack[:, :3, :3] = Rotation.from_rotvec(angles).as_matrix()
    return stack


def test_a_constant_scale_scales_the_whole_world() -> None:
    world = MetricWorld()
    for index, pose in enumerate(walk(20)):
        given = flat_reconstruction(index, pose)
        metric = world.scale(given, TRUE_SCALE)
        np.testing.assert_allclose(
            metric.camera_to_world[:3, 3], TRUE_SCALE * pose[:3, 3], atol=1e-9
        )
        np.testing.assert_allclose(
            metric.points_world, TRUE_SCALE * given.points_world, rtol=1e-4, atol=1e-4
        )
        np.testing.assert_allclose(metric.depth, TRUE_SCALE * given.depth, rtol=1e-6)


def test_the_image_stays_the_same_whatever_the_scale() -> None:
    world = MetricWorld()
    for index, pose in enumerate(walk(10)):
        metric = world.scale(flat_reconstruction(index, pose), 1.0 + 0.2 * index)
        in_camera = transform_points(rigid_inverse(metric.camera_to_world), metric.points_world)
        pixels, depth = project(in_camera.astype(np.float64), metric.intrinsics)
        rows, columns = np.indices(metric.depth.shape)
        np.testing.assert_allclose(pixels, np.stack((columns, rows), -1), atol=1e-2)
        np.testing.assert_allclose(depth, metric.depth, rtol=1e-4)


def test_a_better_scale_does_not_move_the_camera() -> None:
    world, pose = MetricWorld(), walk(10)
    places = []
    for index, scale in enumerate([1.0] * 5 + [3.0] * 5):
        resting = pose[min(index, 4)]
        places.append(world.scale(flat_reconstruction(index, resting), scale).camera_to_world)
    np.testing.assert_allclose(places[4], places[5], atol=1e-12)


def test_a_world_in_metres_moves_as_its_own_one_does() -> None:
    """A loop closes by 1 own unit, 2 m, as the camera goes on by 0.5 units, 1 m."""
    world, path = MetricWorld(), poses(np.array([[0, 0, 0], [0, 0, 1.0], [1, 0, 1.5]]))
    for index in range(2):
        scaled = world.scale(flat_reconstruction(index, path[index]), 2.0)
    np.testing.assert_allclose(scaled.camera_to_world[:3, 3], [0, 0, 2])
    motion = np.eye(4)
    motion[0, 3] = 1.0
    jumped = replace(
        flat_reconstruction(2, path[2]), correction=Correction(np.array([0]), motion[None])
    )
    scaled = world.scale(jumped, 2.0)
    np.testing.assert_allclose(scaled.camera_to_world[:3, 3], [2, 0, 3])
    assert scaled.correction is not None
    np.testing.assert_allclose(scaled.correction.motions[0, :3, 3], [2, 0, 0], atol=1e-12)


def compared(scale: PointScale, true_scale: float, seed: int, wrong: float = 0.0) -> None:
    """One frame of 100 points, some of them on something else."""
    rng = np.random.default_rng(seed)
    own = rng.uniform(1, 5, 100)
    measured = own * true_scale * np.exp(rng.normal(0, 0.05, 100))
    measured[rng.random(100) < wrong] *= 3
    scale.compare(measured, own)


def test_points_give_the_scale_in_spite_of_wrong_ones() -> None:
    scale = PointScale()
    assert (scale.estimate.value, scale.estimate.deviation) == (1.0, math.inf)
    for frame in range(20):
        compared(scale, TRUE_SCALE, frame, wrong=0.2)
    assert scale.estimate.value == pytest.approx(TRUE_SCALE, rel=0.03)
    assert scale.estimate.deviation < 0.02


def test_few_points_and_no_depths_say_nothing() -> None:
    scale = PointScale(least=1)
    scale.compare(np.full(9, 2.0), np.ones(9))
    scale.compare(np.full(100, 2.0), np.zeros(100))
    scale.compare(np.full(100, np.nan), np.ones(100))
    scale.compare(np.full(100, 100.0), np.ones(100))  # no camera is off by so much
    assert scale.estimate.deviation == math.inf


def test_a_new_world_has_metres_of_its_own() -> None:
    scale = PointScale()
    for frame in range(5):
        compared(scale, TRUE_SCALE, frame)
    scale.forget()
    assert scale.estimate.deviation == math.inf


def test_a_loop_moves_the_world_by_the_scale_that_it_had() -> None:
    """Own units are half as long after it: what the scale is by then does not concern the past."""
    world, path = MetricWorld(), poses(np.array([[0, 0, 0], [0, 0, 1.0], [0, 0, 3.0]]))
    for index in range(2):
        world.scale(flat_reconstruction(index, path[index]), 2.0)
    larger = np.diag([2.0, 2, 2, 1])
    jumped = replace(
        flat_reconstruction(2, path[2]), correction=Correction(np.array([0]), larger[None])
    )
    scaled = world.scale(jumped, 1.0)
    np.testing.assert_allclose(scaled.camera_to_world[:3, 3], [0, 0, 2 * 2 + 1])


def test_a_world_whose_metre_becomes_known_grows_with_all_that_it_has() -> None:
    """Three times as long: what was at 1 m is at 3 m, and the camera goes on from there."""
    world, path = MetricWorld(), poses(np.array([[0, 0, 0], [0, 0, 1.0], [1, 0, 1.5]]))
    for index in range(2):
        world.scale(flat_reconstruction(index, path[index]), 1.0)
    world.grow(3.0)
    scaled = world.scale(flat_reconstruction(2, path[2]), 3.0)
    np.testing.assert_allclose(scaled.camera_to_world[:3, 3], [3, 0, 4.5])
    assert scaled.correction is not None
    moved = moved_pose(scaled.correction.of(np.array([0])), path[1])
    np.testing.assert_allclose(moved[0, :3, 3], [0, 0, 3])
    np.testing.assert_allclose(moved[0, :3, :3], path[1, :3, :3])
    assert world.scale(flat_reconstruction(3, path[2]), 3.0).correction is None


def test_a_world_may_grow_in_the_frame_in_which_a_loop_closes() -> None:
    world, path = MetricWorld(), poses(np.array([[0, 0, 0], [0, 0, 1.0], [1, 0, 1.5]]))
    for index in range(2):
        world.scale(flat_reconstruction(index, path[index]), 1.0)
    world.grow(2.0)
    motion = np.eye(4)
    motion[0, 3] = 1.0
    jumped = replace(
        flat_reconstruction(2, path[2]), correction=Correction(np.array([1]), motion[None])
    )
    scaled = world.scale(jumped, 2.0)
    assert scaled.correction is not None
    stays, moves = moved_pose(scaled.correction.of(np.array([0, 1])), path[1])
    np.testing.assert_allclose(stays[:3, 3], [0, 0, 2])
    np.testing.assert_allclose(moves[:3, 3], [2, 0, 2])
