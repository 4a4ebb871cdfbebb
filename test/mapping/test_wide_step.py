"""Steps too wide for the tracker: recognised by what looks alike, and by dense depth."""

from __future__ import annotations

import numpy as np
import pytest
from film import FRAMES, Film

from mem4d_ros.geometry import rigid_inverse
from mem4d_ros.mapping import Map, Odometry, keyframes, locating
from mem4d_ros.mapping.locating import locate_after_wide_step
from mem4d_ros.mapping.tracker import thinned, without_light
from mem4d_ros.mapping.wide_step import recognise
from mem4d_ros.synthetic.cameras.paths import hand_held

STEP = 9
"""Frames, in which the camera moves by 0.4 m."""


@pytest.fixture(scope="module")
def room() -> Film:
    return Film(5, hand_held, bodies=0)


@pytest.fixture(scope="module")
def other_room() -> Film:
    return Film(2, hand_held, bodies=0)


@pytest.fixture
def world(room: Film) -> Map:
    """A map of one keyframe."""
    odometry = Odometry()
    room.feed(odometry, 0)
    return odometry.map


def shown(room: Film, frame: int) -> np.ndarray:
    """The image as the map has it."""
    return without_light(room.images[frame])


def off(room: Film, frame: int, pose: np.ndarray) -> tuple[float, float]:
    """Metres and degrees."""
    error = rigid_inverse(room.poses[0]) @ room.poses[frame]
    error = rigid_inverse(error) @ pose
    angle = np.arccos(np.clip((np.trace(error[:3, :3]) - 1) / 2, -1, 1))
    return float(np.linalg.norm(error[:3, 3])), float(np.rad2deg(angle))


def test_a_frame_from_elsewhere_is_recognised(room: Film, world: Map) -> None:
    match = recognise(world.newest, shown(room, STEP), room.intrinsics)
    assert match is not None
    assert np.linalg.norm(room.poses[STEP][:3, 3] - room.poses[0][:3, 3]) > 0.3
    metres, degrees = off(room, STEP, match.camera_to_world)
    assert metres < 0.2  # near enough for the tracker: depth counts as guessed
    assert degrees < 4


def test_what_agrees_lies_where_the_pose_puts_it(room: Film, world: Map) -> None:
    match = recognise(world.newest, shown(room, STEP), room.intrinsics)
    assert match is not None
    columns, rows = np.rint(match.own).astype(int).T
    rays = np.c_[match.own, np.ones(len(match.own))] @ np.linalg.inv(room.intrinsics).T
    points = rays * room.depth[0][rows, columns][:, None]
    motion = rigid_inverse(match.camera_to_world)
    moved = points @ motion[:3, :3].T + motion[:3, 3]
    pixels = (moved / moved[:, 2:]) @ room.intrinsics.T
    assert np.linalg.norm(pixels[:, :2] - match.seen, axis=-1).max() < 0.016 * max(
        room.depth[0].shape
    )


def test_landmarks_make_it_exact(room: Film, world: Map) -> None:
    before = len(world.newest.landmarks)
    found = locate_after_wide_step(world, shown(room, STEP), room.intrinsics)
    assert found is not None
    metres, degrees = off(room, STEP, found.located.camera_to_world)
    assert metres < 0.02
    assert degrees < 0.5
    keyframe = world.newest
    assert len(keyframe.landmarks) == len(keyframe.pixels) == len(keyframe.descriptors)
    new = keyframe.landmarks[before:]
    assert len(new) > 0
    assert np.isin(new, found.tracks.numbers).any()
    assert len(np.unique(found.tracks.numbers)) == len(found.tracks.numbers)


def test_a_step_that_is_refused_leaves_nothing(
    room: Film, world: Map, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, seen = len(world.landmarks), world.newest.landmarks.tolist()
    monkeypatch.setattr(locating, "WIDE_SPREAD", np.inf)  # whatever is found, is too narrow
    assert locate_after_wide_step(world, shown(room, STEP), room.intrinsics) is None
    assert len(world.landmarks) == before
    assert world.newest.landmarks.tolist() == seen
    assert len(world.newest.pixels) == len(world.newest.descriptors) == len(seen)


def test_corners_of_a_keyframe_are_looked_for_once(
    room: Film, world: Map, monkeypatch: pytest.MonkeyPatch
) -> None:
    recognise(world.newest, shown(room, STEP), room.intrinsics)
    monkeypatch.setattr(keyframes, "corners_of", lambda image: pytest.fail("anew"))
    assert recognise(world.newest, shown(room, STEP), room.intrinsics) is not None


def test_a_metre_of_the_network_is_as_many_of_the_map_as_the_keyframe_has(
    room: Film, world: Map
) -> None:
    exact = recognise(world.newest, shown(room, STEP), room.intrinsics)
    world.newest.log_scale = np.log(2.0)
    twice = recognise(world.newest, shown(room, STEP), room.intrinsics)
    assert exact is not None
    assert twice is not None
    np.testing.assert_allclose(
        twice.camera_to_world[:3, 3], 2 * exact.camera_to_world[:3, 3], rtol=0.15, atol=0.02
    )


def test_another_room_is_not_recognised(other_room: Film, room: Film, world: Map) -> None:
    found = [
        locate_after_wide_step(world, shown(other_room, frame), room.intrinsics)
        for frame in range(0, FRAMES, 8)
    ]
    assert not any(found)


def test_a_corner_of_the_image_is_not_enough(room: Film, world: Map) -> None:
    # Seen in a small part of the image, a turn looks like a way.
    whole = shown(room, STEP)
    image = np.full_like(whole, 128)
    image[70:120, 100:150] = whole[70:120, 100:150]
    assert locate_after_wide_step(world, image, room.intrinsics) is None


@pytest.mark.parametrize("seed", range(3))
def test_of_points_one_is_chosen_in_each_square_that_is_not_taken(seed: int) -> None:
    rng = np.random.default_rng(seed)
    points, taken = rng.uniform(0, 100, (200, 2)), rng.uniform(0, 100, (20, 2))
    chosen = thinned(points, taken, 10.0)
    squares = [tuple(square) for square in (points // 10).astype(int).tolist()]
    occupied = {tuple(square) for square in (taken // 10).astype(int).tolist()}
    assert len({squares[index] for index in chosen}) == len(chosen)
    assert {squares[index] for index in chosen} == set(squares) - occupied


def test_of_no_points_none_is_chosen() -> None:
    assert len(thinned(np.empty((0, 2)), np.empty((0, 2)), 10.0)) == 0
