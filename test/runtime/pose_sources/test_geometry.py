"""Visual odometry goes by what stands, and says when it sees nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from pose_frames import (
    HEIGHT,
    WIDTH,
    blank,
    error_share,
    estimate,
    exact_frames,
    largest_turn_deg,
    run,
    truth,
)

from mem4d_ros.geometry import unproject
from mem4d_ros.runtime.pose_sources import GeometryPose, PoseFrame
from mem4d_ros.synthetic import SyntheticSequence


def test_odometry_starts_at_the_origin(busy_room: SyntheticSequence) -> None:
    first = estimate(GeometryPose(), exact_frames(busy_room)[7])
    np.testing.assert_array_equal(first.camera_to_world, np.eye(4))


def test_odometry_is_not_moved_by_what_moves(watched_room: SyntheticSequence) -> None:
    assert watched_room.moving.float().mean() > 0.03
    frames = exact_frames(watched_room)
    poses = run(GeometryPose(), frames)
    assert np.abs(poses[:, :3, 3]).max() < 0.01
    assert largest_turn_deg(poses, truth(frames)) < 0.3


def test_odometry_keeps_the_scale_from_one_keyframe_to_the_next() -> None:
    """A plane passes sideways, so far that nothing of the first view is left."""
    rng = np.random.default_rng(0)
    wall = np.kron(rng.integers(0, 256, (48, 200)), np.ones((4, 4))).astype(np.uint8)
    intrinsics = np.array([[200.0, 0, 127.5], [0, 200.0, 95.5], [0, 0, 1]])
    source, positions = GeometryPose(), []
    for index, shift in enumerate(range(0, 480, 8)):  # pixels; 1 pixel is 0.01 m at 2 m
        depth = np.full((HEIGHT, WIDTH), 2.0 * (1 if index == 0 else rng.uniform(0.8, 1.2)))
        points = unproject(depth, intrinsics).astype(np.float32)
        view = np.repeat(wall[:, shift : shift + WIDTH, None], 3, axis=-1)
        confidence = np.full(depth.shape, 2.0, np.float32)
        found = estimate(
            source,
            PoseFrame(view, points, confidence, points, confidence, intrinsics, np.eye(4)),
        )
        assert found.measured
        positions.append(found.camera_to_world[:3, 3])
    expected = np.arange(0, 480, 8)[:, None] * [0.01, 0, 0]
    np.testing.assert_allclose(positions, expected, atol=0.1)


def test_odometry_uses_no_invalid_pixel(still_room: SyntheticSequence) -> None:
    frames = exact_frames(still_room)
    invalid = np.zeros((HEIGHT, WIDTH, 1), bool)
    invalid[:60] = invalid[:, ::9] = True
    nan = np.float32("nan")
    holed = [replace(f, points_camera=np.where(invalid, nan, f.points_camera)) for f in frames]
    poses = run(GeometryPose(), holed)
    assert np.isfinite(poses).all()
    assert error_share(poses, truth(frames)) < 0.03


def test_odometry_says_when_it_is_blind_and_comes_to_rest(busy_room: SyntheticSequence) -> None:
    source, frames = GeometryPose(), exact_frames(busy_room)
    seen = run(source, frames[:12])
    step = np.linalg.norm(seen[-1, :3, 3] - seen[-2, :3, 3])
    blind = [estimate(source, blank(frame)) for frame in frames[12:]]
    assert not any(found.measured for found in blind)
    way = [found.camera_to_world[:3, 3] - seen[-1, :3, 3] for found in blind]
    assert np.linalg.norm(way, axis=-1).max() <= step * 1.1
    np.testing.assert_allclose(way[-1], way[-2], atol=1e-4)


def test_odometry_finds_its_way_after_a_covered_lens(still_room: SyntheticSequence) -> None:
    source, frames = GeometryPose(), exact_frames(still_room)
    frames = [blank(f) if t in (10, 11) else f for t, f in enumerate(frames)]
    estimates = [estimate(source, frame) for frame in frames]
    assert [t for t, e in enumerate(estimates) if not e.measured] == [10, 11]
    poses = np.stack([e.camera_to_world for e in estimates])
    assert error_share(poses[12:], truth(frames)[12:]) < 0.05


def test_a_covered_lens_is_where_another_odometry_takes_it(
    still_room: SyntheticSequence,
) -> None:
    """Whose metres are its own; how long they are is seen before the lens is covered."""
    frames, source = exact_frames(still_room), GeometryPose()
    true, covered = truth(frames), range(14, 20)
    odom = true.copy()
    odom[:, :3, 3] *= 4.0
    found = [
        estimate(source, blank(frame) if index in covered else frame, odom[index])
        for index, frame in enumerate(frames)
    ]
    assert all(found[index].measured == (index not in covered) for index in range(covered.stop))
    ways, true_ways = (
        poses[covered, :3, 3] - poses[covered.start - 1, :3, 3]
        for poses in (np.stack([pose.camera_to_world for pose in found]), true)
    )
    off = np.linalg.norm(ways - true_ways, axis=-1).max()
    assert off < 0.15 * np.linalg.norm(true_ways[-1])


def test_an_odometry_that_is_set_to_zero_while_nothing_is_seen_does_not_carry_the_camera_away(
    still_room: SyntheticSequence,
) -> None:
    frames, source = exact_frames(still_room), GeometryPose()
    odom = truth(frames)
    odom[:, :3, 3] *= 4.0
    odom[17:, 0, 3] -= 40.0
    covered = range(14, 20)
    found = [
        estimate(source, blank(frame) if index in covered else frame, odom[index])
        for index, frame in enumerate(frames)
    ]
    off = found[19].camera_to_world[:3, 3] - truth(frames)[19, :3, 3]
    assert np.linalg.norm(off) < 0.1
