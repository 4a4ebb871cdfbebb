"""A map that is full: what is kept is where it was."""

from __future__ import annotations

import numpy as np
import pytest
from made_up_maps import NOTHING_DENSE

from mem4d_ros.mapping import thinning
from mem4d_ros.mapping.keyframes import Keyframe, Map, to_pixels
from mem4d_ros.mapping.thinning import thin

INTRINSICS = np.array([[300.0, 0, 160], [0, 300.0, 120], [0, 0, 1]])


def corridor(keyframes: int) -> tuple[Map, np.ndarray]:
    """A camera goes sideways along a wall 3 m away; each keyframe hosts three points of it."""
    world, truth = Map(), []
    rng = np.random.default_rng(0)
    positions = rng.uniform(-0.5, 0.5, (keyframes, 3, 3)) + [0, 0, 3]
    positions[..., 0] += 0.02 * np.arange(keyframes)[:, None]
    for number in range(keyframes):
        pose = np.eye(4)
        pose[0, 3] = 0.02 * number
        local = positions[number] - pose[:3, 3]
        pixels = to_pixels(local[:, :2] / local[:, 2:], INTRINSICS)
        log_depth, all_round = np.log(local[:, 2]), np.tile(np.eye(2), (3, 1, 1))
        new = world.landmarks.add(number, pixels, log_depth, log_depth, all_round)
        truth.append(positions[number])
        seen = np.arange(max(0, new[0] - 30), new[0])
        there = np.concatenate(truth)[seen] - pose[:3, 3]
        landmarks = np.concatenate((seen, new))
        world.keyframes[number] = Keyframe(
            number=number,
            image=np.zeros((240, 320), np.uint8),
            camera_to_world=pose,
            log_scale=0.0,
            landmarks=landmarks,
            pixels=np.concatenate((to_pixels(there[:, :2] / there[:, 2:], INTRINSICS), pixels)),
            descriptors=rng.integers(0, 256, (len(landmarks), 32), np.uint8),
            covariance=np.zeros((6, 6)),
            dense=NOTHING_DENSE,
        )
    return world, np.concatenate(truth)


def test_a_map_with_room_is_left_alone() -> None:
    world, _ = corridor(20)
    assert not thin(world, INTRINSICS)
    assert len(world.keyframes) == 20


def test_two_maps_that_are_joined_are_thinned_by_and_by(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(thinning, "MOST_KEYFRAMES", 60)
    monkeypatch.setattr(thinning, "KEPT_KEYFRAMES", 40)
    world, _ = corridor(90)
    sizes = []
    while thin(world, INTRINSICS):
        sizes.append(len(world.keyframes))
    assert sizes == [69, 48]


def test_a_full_map_keeps_its_landmarks_where_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(thinning, "MOST_KEYFRAMES", 60)
    monkeypatch.setattr(thinning, "KEPT_KEYFRAMES", 40)
    world, truth = corridor(61)
    world.joined = ((0, 60), *((number, 60) for number in range(1, 40)))
    assert thin(world, INTRINSICS)
    assert len(world.keyframes) == 40
    assert world.joined == tuple((old, 60) for old in sorted(world.keyframes) if old < 40)
    assert set(range(41, 61)) <= set(world.keyframes)
    table = world.landmarks
    assert table.is_alive.all()
    assert set(table.host.tolist()) <= set(world.keyframes)
    found = world.points(np.arange(len(table)), INTRINSICS).position
    nearest = np.linalg.norm(found[:, None] - truth[None], axis=-1).min(1)
    assert nearest.max() < 1e-6
    assert len(table) > 0.8 * len(truth)
    for keyframe in world.keyframes.values():
        assert keyframe.landmarks.max() < len(table)
        local = (
            world.points(keyframe.landmarks, INTRINSICS).position - keyframe.camera_to_world[:3, 3]
        )
        expected = to_pixels(local[:, :2] / local[:, 2:], INTRINSICS)
        np.testing.assert_allclose(keyframe.pixels, expected, atol=1e-6)
