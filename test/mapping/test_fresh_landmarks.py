"""Depth from the newest keyframe and one frame, against exact points."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from made_up_maps import NOTHING_DENSE

from mem4d_ros.geometry import rigid_inverse, transform_points
from mem4d_ros.mapping.camera_pose import Located
from mem4d_ros.mapping.fresh_landmarks import measure_depth
from mem4d_ros.mapping.keyframes import Keyframe, Map, to_pixels, to_rays
from mem4d_ros.mapping.landmarks import SETTLED_VARIANCE
from mem4d_ros.mapping.locating import PIXEL_DEVIATION, Found
from mem4d_ros.mapping.rotations import exponential
from mem4d_ros.mapping.tracks import Tracks

INTRINSICS = np.array([[300.0, 0, 160], [0, 300.0, 120], [0, 0, 1]])
IMAGE = np.zeros((240, 320), np.uint8)
COUNT = 200
GUESSED = 0.4
"""σ of what the network says of log depth."""


class Scene:
    """Points 2 to 8 m ahead of the first camera, of which the network has a wrong idea."""

    def __init__(self) -> None:
        rng = np.random.default_rng(0)
        self.rng = rng
        self.pixels = rng.uniform((20, 20), (300, 220), (COUNT, 2))
        self.depth = rng.uniform(2, 8, COUNT)
        self.points = to_rays(self.pixels, INTRINSICS) * self.depth[:, None]
        self.prior = np.log(self.depth) + rng.normal(0, GUESSED, COUNT)

    def world(self) -> Map:
        world = Map(next_number=1)
        all_round = np.tile(np.eye(2), (COUNT, 1, 1))
        numbers = world.landmarks.add(0, self.pixels, self.prior, self.prior.copy(), all_round)
        world.keyframes[0] = Keyframe(
            number=0,
            image=IMAGE,
            camera_to_world=np.eye(4),
            log_scale=0.0,
            landmarks=numbers,
            pixels=self.pixels,
            descriptors=np.zeros((COUNT, 32), np.uint8),
            covariance=np.zeros((6, 6)),
            dense=NOTHING_DENSE,
        )
        return world

    def seen(self, pose: np.ndarray, numbers: np.ndarray | None = None) -> Found:
        """Landmarks of these numbers from a pose, which is found a little wrong."""
        numbers = np.arange(COUNT) if numbers is None else numbers
        points = transform_points(rigid_inverse(pose), self.points[numbers])
        pixels = to_pixels(points[:, :2] / points[:, 2:], INTRINSICS)
        pixels += self.rng.normal(0, PIXEL_DEVIATION, pixels.shape)
        near = pose.copy()
        near[:3, 3] += 0.02
        located = Located(near, np.eye(6), np.ones(len(numbers), bool))
        return Found(Tracks(IMAGE, numbers, pixels), located)

    def error(self, world: Map, numbers: np.ndarray | None = None) -> np.ndarray:
        """Log of found by true depth."""
        numbers = np.arange(COUNT) if numbers is None else numbers
        return -world.landmarks.log_inverse[numbers] - np.log(self.depth[numbers])


def aside(metres: float) -> np.ndarray:
    pose = np.eye(4)
    pose[:3, :3] = exponential(np.array([[0.01, -0.02, 0.005]]))[0]
    pose[:3, 3] = metres, 0.1 * metres, 0.05
    return pose


def test_one_view_from_aside_measures_what_the_network_only_guessed() -> None:
    scene = Scene()
    world = scene.world()
    found = measure_depth(world, scene.seen(aside(0.5)), INTRINSICS)
    error = scene.error(world)
    assert np.std(error) < 0.1 * GUESSED
    assert (world.landmarks.variance < SETTLED_VARIANCE).mean() > 0.9
    # The metre is the mean of what the network said.
    guessed = (scene.prior - np.log(scene.depth)).mean()
    assert error.mean() == pytest.approx(guessed, abs=0.03)
    position = found.located.camera_to_world[:3, 3]
    np.testing.assert_allclose(position, aside(0.5)[:3, 3] * np.exp(guessed), atol=0.03 * 0.5)


def test_it_knows_how_wrong_it_is() -> None:
    scene = Scene()
    for metres in (0.1, 0.2, 0.5):
        world = scene.world()
        measure_depth(world, scene.seen(aside(metres)), INTRINSICS)
        error = scene.error(world)
        told = world.landmarks.variance < SETTLED_VARIANCE
        in_deviations = (error - np.median(error)) / np.sqrt(world.landmarks.variance)
        assert told.any()
        assert 0.3 < np.std(in_deviations[told]) < 1.2


def test_without_parallax_nothing_is_settled() -> None:
    scene = Scene()
    world = scene.world()
    measure_depth(world, scene.seen(aside(0.0)), INTRINSICS)
    assert not (world.landmarks.variance < SETTLED_VARIANCE).any()


def test_the_metre_stays_when_near_things_leave_that_seemed_far() -> None:
    scene = Scene()
    is_near = scene.depth < 5
    scene.prior[is_near] += 1.0
    far = np.flatnonzero(~is_near)
    world = scene.world()
    measure_depth(world, scene.seen(aside(0.4)), INTRINSICS)
    before = scene.error(world, far).mean()
    measure_depth(world, scene.seen(aside(0.5), far), INTRINSICS)
    assert scene.error(world, far).mean() == pytest.approx(before, abs=0.02)
    # Of the far ones alone it would be the network's idea of these.
    alone = scene.world()
    measure_depth(alone, scene.seen(aside(0.5), far), INTRINSICS)
    assert abs(scene.error(alone, far).mean() - before) > 0.3


def test_where_much_moves_nothing_is_measured() -> None:
    scene = Scene()
    world = scene.world()
    before = world.landmarks.log_inverse.copy()
    seen = scene.seen(aside(0.5))
    seen.located.agrees[: COUNT // 4] = False
    assert measure_depth(world, seen, INTRINSICS) is seen
    np.testing.assert_array_equal(world.landmarks.log_inverse, before)
    # Those that moved are not followed any more; the others may still move along.
    world.landmarks.count(seen.tracks.numbers, seen.located.agrees)
    rest = scene.seen(aside(0.6), np.arange(COUNT // 4, COUNT))
    assert measure_depth(world, rest, INTRINSICS) is rest


def test_known_landmarks_hold_the_metre_of_fresh_ones() -> None:
    scene = Scene()
    world = scene.world()
    table, known = world.landmarks, np.arange(0, COUNT, 2)
    fresh = known + 1
    table.log_prior[fresh] += 0.5  # of which the network has a wrong idea
    table.log_inverse[fresh] -= 0.5
    before = -np.log(scene.depth[known])
    table.host[known], table.log_inverse[known], table.variance[known] = -1, before, 1e-4
    world.keyframes[-1] = replace(world.newest, number=-1, landmarks=known)
    measure_depth(world, scene.seen(aside(0.5)), INTRINSICS)
    assert np.median(scene.error(world, fresh)) == pytest.approx(0, abs=0.01)
    assert (table.variance[fresh] < SETTLED_VARIANCE).mean() > 0.9
    np.testing.assert_array_equal(table.log_inverse[known], before)


def test_a_depth_of_which_nothing_is_known_is_left_alone() -> None:
    scene = Scene()
    world = scene.world()
    world.landmarks.log_prior[:] = np.nan
    seen = scene.seen(aside(0.5))
    assert measure_depth(world, seen, INTRINSICS) is seen
