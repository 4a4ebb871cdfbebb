"""Odometry on rendered rooms with exact depth, disturbed depth, people, darkness and jumps."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from film import FORTH_AND_BACK, FRAMES, HEIGHT, WIDTH, Film

from mem4d_ros.geometry import align_similarity, rigid_inverse
from mem4d_ros.mapping import Aside, DenseView, Estimate, ExternalPose, Odometry
from mem4d_ros.synthetic.cameras.paths import hand_held, standing, turning


@pytest.fixture(scope="module")
def still_room() -> Film:
    return Film(0, hand_held, bodies=0)


@pytest.fixture(scope="module")
def busy_room() -> Film:
    return Film(1, hand_held, bodies=3)


@pytest.fixture(scope="module")
def turning_room() -> Film:
    return Film(4, turning, bodies=0)


def path(estimates: list[Estimate]) -> np.ndarray:
    return np.stack([estimate.camera_to_world for estimate in estimates])


def length(poses: np.ndarray) -> float:
    return float(np.linalg.norm(np.diff(poses[:, :3, 3], axis=0), axis=-1).sum())


def off_by(poses: np.ndarray, true: np.ndarray) -> np.ndarray:
    """Distances (T,) of positions after the best similarity."""
    found, expected = poses[:, :3, 3], true[:, :3, 3]
    return np.linalg.norm(align_similarity(found, expected).apply(found) - expected, axis=-1)


@pytest.mark.parametrize("room", ["still_room", "busy_room"])
def test_the_path_is_the_true_one(room: str, request: pytest.FixtureRequest) -> None:
    film: Film = request.getfixturevalue(room)
    estimates = film.run(Odometry())
    assert all(estimate.measured for estimate in estimates)
    assert np.sqrt((off_by(path(estimates), film.poses) ** 2).mean()) < 0.01 * length(film.poses)


def test_keyframes_stay_where_they_were_taken_however_often_the_room_is_seen(
    still_room: Film,
) -> None:
    odometry, rng, taken = Odometry(), np.random.default_rng(0), {}
    for frame in FORTH_AND_BACK * 4:
        still_room.feed(odometry, frame, scale=float(np.exp(0.2 * rng.normal())))
        taken.setdefault(odometry.map.newest.number, frame)
    keyframes = odometry.map.keyframes
    poses = np.stack([keyframes[number].camera_to_world for number in taken])
    errors = off_by(poses, still_room.poses[list(taken.values())])
    assert len(taken) > 20  # more than a window and what holds it
    assert errors.max() < 0.02 * length(still_room.poses)


def test_the_same_frames_become_the_same_path(still_room: Film) -> None:
    odometry = Odometry()
    first = path(still_room.run(odometry, range(12)))
    odometry.reset()
    np.testing.assert_array_equal(path(still_room.run(odometry, range(12))), first)


def test_a_depth_whose_scale_wavers_moves_the_path_little(still_room: Film) -> None:
    rng, odometry = np.random.default_rng(0), Odometry()
    scales = [1.0, *rng.uniform(0.7, 1.4, FRAMES - 1)]
    estimates = [still_room.feed(odometry, t, scale=s) for t, s in enumerate(scales)]
    errors = off_by(path(estimates), still_room.poses)
    assert np.sqrt((errors**2).mean()) < 0.02 * length(still_room.poses)


def test_the_metre_that_a_shrinking_depth_would_lose_is_held_by_wheels(still_room: Film) -> None:
    lost = []
    for is_told in (False, True):
        odometry, estimates = Odometry(), []
        for frame in range(FRAMES):
            told = ExternalPose(still_room.poses[frame], 1.0) if is_told else None
            shown = still_room.images[frame]
            estimates.append(odometry.locate(shown, still_room.intrinsics, told))
            odometry.learn(still_room.dense(frame, 0.97**frame), still_room.intrinsics)
        second_half = slice(FRAMES // 2, None)
        ratio = length(path(estimates)[second_half]) / length(still_room.poses[second_half])
        lost.append(1 - ratio)
    untold, told_of = lost
    assert untold > 0.1
    assert abs(told_of) < 0.4 * untold


def test_settled_landmarks_have_the_true_depth(still_room: Film) -> None:
    odometry = Odometry()
    still_room.run(odometry)
    settled = odometry.settled(still_room.intrinsics)
    columns, rows = np.rint(settled.pixels).astype(int).T
    ratio = settled.depth / still_room.depth[-1][rows, columns]
    ratio = ratio[np.isfinite(ratio)]
    assert len(ratio) > 30
    assert np.median(np.abs(ratio / np.median(ratio) - 1)) < 0.06


def test_landmarks_are_told_before_a_second_keyframe_sees_them(still_room: Film) -> None:
    odometry = Odometry()
    still_room.run(odometry, range(4))
    odometry.locate(still_room.images[4], still_room.intrinsics)
    settled = odometry.settled(still_room.intrinsics)
    assert len(odometry.map.keyframes) == 1
    columns, rows = np.rint(settled.pixels).astype(int).T
    assert len(settled.depth) > 50
    assert np.median(np.abs(settled.depth / still_room.depth[4][rows, columns] - 1)) < 0.06


def test_a_few_landmarks_are_not_told(still_room: Film) -> None:
    # One that is wrong would lead all else astray.
    odometry = Odometry()
    still_room.run(odometry, range(15))
    table = odometry.map.landmarks
    table.variance[np.arange(len(table)) % 30 > 0] = 1.0
    assert len(odometry.settled(still_room.intrinsics).depth) == 0


def test_landmarks_that_are_not_as_far_away_as_they_look_are_not_told(still_room: Film) -> None:
    # What drives ahead of the camera fits as long as both keep their speed, but too far away.
    odometry = Odometry()
    still_room.run(odometry, range(15))
    before, table = odometry.settled(still_room.intrinsics), odometry.map.landmarks
    drives = np.arange(len(table)) % 4 == 0
    table.log_inverse[drives] -= np.log(2)
    after = odometry.settled(still_room.intrinsics)
    kept = {tuple(pixel): depth for pixel, depth in zip(after.pixels, after.depth, strict=True)}
    same = [
        kept[tuple(pixel)] == pytest.approx(depth)
        for pixel, depth in zip(before.pixels, before.depth, strict=True)
        if tuple(pixel) in kept
    ]
    assert np.mean(same) > 0.9  # some lie at edges, where nothing is known of their looks
    assert len(same) > 0.6 * len(before.depth)


def test_a_frame_of_which_no_landmark_is_known_keeps_the_metres_of_its_depth(
    still_room: Film,
) -> None:
    odometry = Odometry()
    still_room.run(odometry, range(10))
    odometry.map.newest.log_scale = 0.3  # of a depth that was told landmarks
    dark = np.zeros((HEIGHT, WIDTH), np.uint8)
    odometry.locate(dark, still_room.intrinsics)
    assert odometry.depth_scale(still_room.dense(10), still_room.intrinsics) == 1.0


def test_landmarks_that_are_not_settled_say_the_metres_where_no_others_do(
    still_room: Film,
) -> None:
    odometry = Odometry()
    still_room.run(odometry, range(10))
    odometry.locate(still_room.images[10], still_room.intrinsics)
    odometry.map.landmarks.variance[:] = 1.0
    scale = odometry.depth_scale(still_room.dense(10, scale=2.0), still_room.intrinsics)
    assert scale == pytest.approx(0.5, rel=0.05)


def test_the_metre_of_a_frame_without_landmarks_is_what_looks_have_found(
    still_room: Film,
) -> None:
    odometry = Odometry()
    still_room.run(odometry, range(10))
    own = still_room.depth[9]
    odometry.map.drift.look(3.0 * own, own)
    odometry.locate(np.zeros((HEIGHT, WIDTH), np.uint8), still_room.intrinsics)
    scale = odometry.depth_scale(still_room.dense(10), still_room.intrinsics)
    assert scale == pytest.approx(3.0)


def test_a_turn_on_the_spot_stays_on_the_spot(turning_room: Film) -> None:
    estimates = turning_room.run(Odometry())
    assert all(estimate.measured for estimate in estimates)
    poses = path(estimates)
    turn = (rigid_inverse(turning_room.poses) @ poses)[:, :3, :3]
    angles = np.arccos(np.clip((np.trace(turn, axis1=1, axis2=2) - 1) / 2, -1, 1))
    assert np.rad2deg(angles.max()) < 1.5
    assert np.abs(poses[:, :3, 3] - turning_room.poses[:, :3, 3]).max() < 0.1


def test_a_camera_that_stands_does_not_follow_who_walks() -> None:
    film = Film(3, standing, bodies=3)
    poses = path(film.run(Odometry()))
    assert np.abs(poses[:, :3, 3]).max() < 0.01


def test_a_change_of_light_is_no_motion(still_room: Film) -> None:
    odometry = Odometry()
    still_room.run(odometry, range(6))
    before = still_room.feed(odometry, 5).camera_to_world
    brighter = cv2.add(still_room.images[5], 25)
    after = still_room.feed(odometry, 5, brighter)
    assert after.measured
    np.testing.assert_allclose(after.camera_to_world, before, atol=0.003)


def test_a_covered_lens_is_said_and_survived(still_room: Film) -> None:
    odometry, dark = Odometry(), np.full((HEIGHT, WIDTH), 20, np.uint8)
    still_room.run(odometry, range(16))
    blind = [still_room.feed(odometry, 16, dark) for _ in range(30)]
    assert not any(estimate.measured for estimate in blind)
    assert np.trace(blind[-1].covariance) > np.trace(blind[0].covariance)
    back = still_room.feed(odometry, 14)
    assert back.measured
    found = back.camera_to_world[:3, 3]
    np.testing.assert_allclose(found, still_room.poses[14][:3, 3], atol=0.03)


def test_a_camera_carried_back_unseen_knows_where_it_is() -> None:
    """Ten frames of another room in between would be a new world; five are not."""
    film, other = Film(6, hand_held, bodies=0), Film(7, hand_held, bodies=0)
    odometry = Odometry()
    film.run(odometry)
    for frame in range(5):
        assert not film.feed(odometry, frame, other.images[frame]).measured
    back = film.feed(odometry, 2)
    assert back.measured
    np.testing.assert_allclose(back.camera_to_world, film.poses[2], atol=0.05)


def test_the_way_of_a_camera_that_nobody_saw_is_not_its_speed() -> None:
    film, other = Film(6, hand_held, bodies=0), Film(7, hand_held, bodies=0)
    odometry = Odometry()
    film.run(odometry)
    for frame in range(5):
        film.feed(odometry, frame, other.images[frame])
    back = film.feed(odometry, 2)
    again = film.feed(odometry, 3, other.images[3])
    assert back.measured
    assert not again.measured
    np.testing.assert_allclose(again.camera_to_world, back.camera_to_world, atol=2e-3)


def test_another_room_becomes_a_new_world_in_the_end(still_room: Film, busy_room: Film) -> None:
    odometry = Odometry()
    still_room.run(odometry)
    estimates = busy_room.run(odometry)
    measured = [estimate.measured for estimate in estimates]
    assert not any(measured[:8])
    assert all(measured[10:])
    errors = off_by(path(estimates[10:]), busy_room.poses[10:])
    assert np.sqrt((errors**2).mean()) < 0.03 * length(busy_room.poses[10:])


def test_adjusted_beside_the_frames_the_path_is_as_good(still_room: Film) -> None:
    poses = path(still_room.run(Odometry(Aside)))
    errors = off_by(poses, still_room.poses)
    assert np.sqrt((errors**2).mean()) < 0.015 * length(still_room.poses)


def test_an_image_without_anything_is_no_failure(still_room: Film) -> None:
    odometry, grey = Odometry(), np.full((HEIGHT, WIDTH), 90, np.uint8)
    unknown = np.full((HEIGHT, WIDTH), np.nan)
    dense = DenseView(unknown, still_room.colours[0], still_room.transform)
    for _ in range(12):
        estimate = odometry.locate(grey, still_room.intrinsics)
        odometry.learn(dense, still_room.intrinsics)
        assert np.isfinite(estimate.camera_to_world).all()


@pytest.mark.slow
def test_errors_are_as_large_as_the_covariance_says() -> None:
    """The mean of squared normalised errors of position lies within a factor of 2 of χ²'s 3."""
    normalised = []
    for seed in range(10, 18):
        film = Film(seed, hand_held, bodies=0)
        estimates = film.run(Odometry())
        found, true = path(estimates), film.poses
        motion = align_similarity(found[:, :3, 3], true[:, :3, 3])
        for estimate, pose in list(zip(estimates, true, strict=True))[8:]:
            off = estimate.camera_to_world[:3, 3] - pose[:3, 3] / motion.scale
            covariance = estimate.covariance[3:, 3:]
            normalised.append(off @ np.linalg.solve(covariance, off))
    assert 1.5 < np.mean(normalised) < 6
