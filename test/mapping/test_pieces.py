"""A camera that is carried on unseen, maps another part of the room, and comes back."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from unittest.mock import Mock

import numpy as np
import pytest
from film import Film
from made_up_maps import NOTHING_DENSE
from round_room import INTRINSICS, RoundRoom
from told_poses import METRE, told

from mem4d_ros.mapping import Correction, ExternalPose, Map, Odometry, Pieces, moved_pose
from mem4d_ros.mapping.keyframes import Keyframe
from mem4d_ros.mapping.odometry import PATIENCE
from mem4d_ros.mapping.pieces import completed, grow, put_together
from mem4d_ros.mapping.rotations import angle_between
from mem4d_ros.synthetic.cameras.paths import hand_held

LAP, FRAMES = 70, 84
UNSEEN = range(21, 38)
"""Carried on by 87°, more than the image is wide."""
METRES = 1.15
"""Of the network, as it speaks after it."""


@dataclass(frozen=True)
class Run:
    """Frames that were shown, where they are in the end; corrections by frame; the map."""

    frames: np.ndarray
    published: np.ndarray
    final: np.ndarray
    corrections: dict[int, Correction]
    odometry: Odometry


@pytest.fixture(scope="module")
def room() -> RoundRoom:
    return RoundRoom(FRAMES, FRAMES / LAP)


@pytest.fixture(scope="module")
def joined(room: RoundRoom) -> Run:
    odometry, corrections = Odometry(), {}
    frames, published, keyframes, final = [], [], [], np.empty((0, 4, 4))
    for frame in (t for t in range(FRAMES) if t not in UNSEEN):
        estimate = odometry.locate(room.images[frame], INTRINSICS)
        if estimate.correction is not None:
            corrections[frame] = estimate.correction
            final = moved_pose(estimate.correction.of(np.array(keyframes)), final)
        if estimate.measured:
            frames.append(frame)
            published.append(estimate.camera_to_world)
            keyframes.append(estimate.keyframe)
            final = np.concatenate((final, estimate.camera_to_world[None]))
        dense = room.dense(frame, METRES if frame in range(UNSEEN.stop, FRAMES) else 1.0)
        odometry.learn(dense, INTRINSICS, room.place(frame))
    return Run(np.array(frames), np.array(published), final, corrections, odometry)


def off(found: np.ndarray, true: np.ndarray) -> tuple[float, float]:
    """Metres and radians."""
    way = np.linalg.norm(found[:3, 3] - true[:3, 3])
    return float(way), float(angle_between(found[:3, :3], true[:3, :3]))


def test_a_new_piece_is_somewhere_until_a_place_of_the_old_one_is_seen(
    room: RoundRoom, joined: Run
) -> None:
    first = min(joined.corrections)
    assert LAP - 12 < first <= LAP + 8
    before = [
        off(pose, room.poses[frame])
        for frame, pose in zip(joined.frames, joined.published, strict=True)
        if UNSEEN.stop <= frame < first
    ]
    assert len(before) > 10
    assert min(turn for _, turn in before) > np.deg2rad(30)


def test_pieces_are_joined_where_they_belong(room: RoundRoom, joined: Run) -> None:
    errors = np.array(
        [
            off(pose, room.poses[frame])
            for frame, pose in zip(joined.frames, joined.final, strict=True)
        ]
    )
    assert errors[:, 0].max() < 0.1
    assert errors[:, 1].max() < np.deg2rad(3)


def test_the_older_piece_stays_and_the_other_takes_its_metres(joined: Run) -> None:
    correction = joined.corrections[min(joined.corrections)]
    old, new = correction.of(np.array([0, max(correction.keyframes)]))
    np.testing.assert_array_equal(old, np.eye(4))
    scale = np.cbrt(np.linalg.det(new[:3, :3]))
    assert scale == pytest.approx(1 / METRES, rel=0.03)


def test_joined_they_are_one_map(joined: Run) -> None:
    odometry = joined.odometry
    assert not list(odometry.pieces)
    world = odometry.map
    assert list(world.keyframes) == sorted(world.keyframes)
    for keyframe in world.keyframes.values():
        assert keyframe.landmarks.max() < len(world.landmarks)
    assert np.isin(world.landmarks.host, list(world.keyframes)).all()
    assert len(world.joined) >= 2


def test_joined_the_camera_knows_again_where_it_is(joined: Run) -> None:
    newest = joined.odometry.map.newest
    assert np.sqrt(np.trace(newest.covariance[3:, 3:])) < 0.1


def test_a_lost_camera_goes_on_in_an_old_piece() -> None:
    film, other = Film(6, hand_held, bodies=0), Film(7, hand_held, bodies=0)
    odometry = Odometry()
    film.run(odometry)
    before = set(odometry.map.keyframes)
    other.run(odometry)
    there = set(odometry.map.keyframes)
    assert not before & there
    back = [film.feed(odometry, frame) for frame in range(2, 12)]
    assert all(estimate.measured for estimate in back)
    for frame, estimate in zip(range(2, 12), back, strict=True):
        assert off(estimate.camera_to_world, film.poses[frame])[0] < 0.05
    assert before <= set(odometry.map.keyframes)
    assert back[0].correction is not None
    assert all(estimate.correction is None for estimate in back[1:])
    assert [set(piece.keyframes) for piece in odometry.pieces] == [there]
    numbers = set(odometry.map.keyframes) | there
    assert len(numbers) == len(odometry.map.keyframes) + len(there)


def test_a_piece_that_is_left_moves_to_where_the_camera_came_from() -> None:
    film, other = Film(6, hand_held, bodies=0), Film(7, hand_held, bodies=0)
    odometry = Odometry()
    film.run(odometry)
    there = other.run(odometry)
    last, keyframe = there[-1].camera_to_world, there[-1].keyframe
    back = film.feed(odometry, 12)
    assert back.correction is not None
    motions = back.correction.of(np.array([0, keyframe]))
    np.testing.assert_array_equal(motions[0], np.eye(4))
    step = np.linalg.norm(last[:3, 3] - there[-2].camera_to_world[:3, 3])
    way, turn = off(moved_pose(motions[1], last), back.camera_to_world)
    assert way < 1.5 * step + 0.01
    assert turn < 0.2
    aside = next(iter(odometry.pieces))
    np.testing.assert_allclose(
        aside.newest.camera_to_world[:3, 3], back.camera_to_world[:3, 3], atol=0.3
    )


def test_of_two_pieces_the_older_one_stays_whichever_is_entered() -> None:
    older, younger = piece_at(0, 0.0), piece_at(5, 1.0)
    motion = np.eye(4)
    motion[:3, 3] = 0, 2, 0
    put_together(left=younger, entered=older, motion=motion)
    np.testing.assert_array_equal(younger.newest.camera_to_world[:3, 3], [1, 2, 0])
    put_together(left=older, entered=younger, motion=motion)
    np.testing.assert_array_equal(younger.newest.camera_to_world[:3, 3], [1, 0, 0])
    np.testing.assert_array_equal(older.newest.camera_to_world, np.eye(4))


def piece_at(number: int, x: float) -> Map:
    """A single keyframe there, in m."""
    pose = np.eye(4)
    pose[0, 3] = x
    keyframe = Mock(
        Keyframe, number=number, camera_to_world=pose, covariance=np.eye(6), dense=NOTHING_DENSE
    )
    return Map({number: keyframe})


def piece(begin: int, count: int) -> Map:
    """Keyframes that see nothing."""
    return Map({number: Mock(Keyframe, number=number) for number in range(begin, begin + count)})


def test_pieces_have_a_bounded_number_of_keyframes() -> None:
    """The oldest one stays, that from which a map may have been loaded."""
    oldest, small, large, single = piece(0, 60), piece(60, 50), piece(110, 150), piece(260, 1)
    pieces = Pieces()
    for world in (oldest, small, large, single):
        pieces = pieces.with_map(world)
    assert list(pieces) == [oldest, large]
    assert list(Pieces().with_map(small).with_map(single)) == [small]


def test_of_pieces_neither_the_largest_nor_the_newest_is_given_up() -> None:
    false_start, building, left = piece(0, 2), piece(2, 249), piece(251, 40)
    pieces = Pieces().with_map(false_start).with_map(building)
    assert list(pieces) == [false_start, building]
    assert list(pieces.with_map(left)) == [false_start, building, left]
    assert list(pieces.with_map(left).with_map(piece(291, 9)))[:2] == [false_start, building]


def test_a_correction_is_complete() -> None:
    """A, 0 to 2 and 6 to 8, moves up; of B, 3 to 5, nothing does; 6 and 8 were given up."""
    first, second = piece(0, 3), piece(3, 3)
    first.keyframes[7] = Mock(Keyframe, number=7)
    first.begins, second.begins = (0, 6), (3,)
    up = np.eye(4)
    up[1, 3] = -1.0
    whole = completed(Correction(np.array([0, 1, 2, 7]), np.tile(up, (4, 1, 1))), (first, second))
    moved = whole.of(np.arange(9))[:, 1, 3]
    np.testing.assert_array_equal(moved, [-1, -1, -1, 0, 0, 0, -1, -1, -1])


def test_links_of_all_pieces_are_told() -> None:
    first, second = piece_at(0, 0.0), piece_at(5, 1.0)
    first.joined, second.joined = ((0, 0),), ((5, 5),)
    nothing = Correction(np.array([0]), np.eye(4)[None])
    assert completed(nothing, (first, second)).links[:, 0, 0].tolist() == [0.0, 1.0]


def test_what_the_network_said_grows_with_the_map(joined: Run) -> None:
    world = joined.odometry.map.copy()
    number = max(world.keyframes)
    keyframe, own = world.keyframes[number], world.landmarks.host == number
    prior, depth = world.landmarks.log_prior[own], keyframe.dense.depth.astype(float)
    before = keyframe.log_scale
    world.move(Correction(np.array([0]), np.diag([2.0, 2, 2, 1])[None]))
    np.testing.assert_allclose(keyframe.dense.depth, 2 * depth, rtol=2e-3)
    np.testing.assert_allclose(world.landmarks.log_prior[own], prior + np.log(2.0))
    assert keyframe.log_scale == before


def test_a_covariance_turns_and_grows_with_its_map() -> None:
    world = piece_at(0, 0.0)
    world.keyframes[0].covariance = np.diag([1.0, 2, 3, 4, 0, 0])  # of the position along x
    quarter = np.array([[0.0, -3, 0, 0], [3, 0, 0, 0], [0, 0, 3, 0], [0, 0, 0, 1]])
    world.move(Correction(np.array([0]), quarter[None]))
    expected = np.diag([1.0, 2, 3, 0, 36, 0])
    np.testing.assert_allclose(world.keyframes[0].covariance, expected, atol=1e-9)


def wheels(room: RoundRoom, frame: int) -> ExternalPose:
    """An odometry of wheels, whose way is too long by 3 %."""
    pose = room.poses[frame].copy()
    pose[:3, 3] *= 1.03
    return told(pose)


def test_a_covered_camera_is_where_the_wheels_take_it(room: RoundRoom) -> None:
    """What is seen afterwards becomes a new piece, that lies where it belongs at once."""
    odometry, covered = Odometry(), range(12, 30)
    for frame in range(60):
        image = np.zeros_like(room.images[frame]) if frame in covered else room.images[frame]
        estimate = odometry.locate(image, INTRINSICS, wheels(room, frame))
        odometry.learn(room.dense(frame), INTRINSICS, room.place(frame))
        assert estimate.measured or frame in range(covered.start, covered.stop + PATIENCE + 1)
        way, turn = off(estimate.camera_to_world, room.poses[frame])
        assert way < 0.1
        assert turn < np.deg2rad(3)
        if not estimate.measured:
            assert way < 3 * np.sqrt(np.linalg.eigvalsh(estimate.covariance[3:, 3:]).max())
    assert list(odometry.pieces)


def test_in_a_map_that_was_made_larger_the_camera_goes_on_as_before(room: RoundRoom) -> None:
    """What the network says has grown along; with another scale the world is the same."""
    odometry, scale = Odometry(), 1.7
    for frame in range(12):
        odometry.locate(room.images[frame], INTRINSICS)
        odometry.learn(room.dense(frame), INTRINSICS, room.place(frame))
    larger = deepcopy(odometry)
    motion = larger.grow(scale).motions[0]
    np.testing.assert_allclose(motion, np.diag([scale, scale, scale, 1]))
    for frame in range(12, 24):
        found, expected = (o.locate(room.images[frame], INTRINSICS) for o in (larger, odometry))
        assert found.measured
        moved = moved_pose(motion, expected.camera_to_world)
        np.testing.assert_allclose(found.camera_to_world, moved, atol=5e-3)
        np.testing.assert_allclose(
            found.covariance[3:, 3:], scale**2 * expected.covariance[3:, 3:], rtol=0.1, atol=1e-8
        )
        larger.learn(room.dense(frame, scale), INTRINSICS, room.place(frame))
        odometry.learn(room.dense(frame), INTRINSICS, room.place(frame))
    assert len(larger.map.keyframes) == len(odometry.map.keyframes)


def test_what_wanders_in_a_map_that_was_made_larger_is_what_wandered() -> None:
    one = piece_at(0, 1.0)
    one.drift.look(np.ones((2, 2)), np.ones((2, 2)))
    one.drift.look(np.full((2, 2), 1.5), np.ones((2, 2)))
    before = one.drift.log
    grow((one, piece_at(5, 2.0)), 3.0)
    assert one.drift.log == pytest.approx(before) != 0
    assert one.drift.log_metre == pytest.approx(np.log(3) + np.log(1.5) / 2)


def test_keyframes_newer_than_the_correction_move_as_the_newest_that_it_names() -> None:
    """As the map itself does, where they were made while the loop was looked for."""
    first, second = piece(0, 4), piece(8, 2)
    up = np.eye(4)
    up[1, 3] = -1.0
    whole = completed(Correction(np.array([0, 1]), np.stack((np.eye(4), up))), (first, second))
    moved = whole.of(np.array([0, 1, 2, 3, 8, 9]))[:, 1, 3]
    np.testing.assert_array_equal(moved, [0, -1, -1, -1, 0, 0])


def test_poses_stay_poses_however_often_their_map_moves() -> None:
    """Of a motion that rounding has made inexact."""
    world = piece_at(0, 1.0)
    inexact = np.eye(4)
    inexact[:3, :3] += 1e-6 * np.random.default_rng(0).normal(size=(3, 3))
    for _ in range(50):
        world.move(Correction(np.array([0]), inexact[None]))
    rotation = world.first.camera_to_world[:3, :3]
    np.testing.assert_allclose(rotation.T @ rotation, np.eye(3), atol=1e-12)


def test_what_is_told_grows_with_the_map_also_in_the_frame_in_which_a_loop_closes(
    room: RoundRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    odometry = Odometry()
    for frame in range(3):
        odometry.locate(room.images[frame], INTRINSICS, wheels(room, frame))
        odometry.learn(room.dense(frame), INTRINSICS, room.place(frame))
    monkeypatch.setattr(odometry, "_close_loop", lambda: odometry.grow(2.0))
    odometry.locate(room.images[3], INTRINSICS, wheels(room, 3))
    heard = odometry._motion.told_seen
    assert heard is not None
    assert heard.metre == pytest.approx(2 * METRE)
