"""The rigid motion between two pointmaps, whatever is wrong with some of their points."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from pose_frames import HEIGHT, estimate, exact_frames, run, truth

from mem4d_ros.runtime.pose_sources import ProcrustesPose
from mem4d_ros.synthetic import SyntheticSequence


def test_procrustes_is_exact(busy_room: SyntheticSequence) -> None:
    frames = exact_frames(busy_room)
    np.testing.assert_allclose(run(ProcrustesPose(), frames), truth(frames), atol=1e-5)


def test_procrustes_is_not_moved_by_a_third_of_wrong_points(busy_room: SyntheticSequence) -> None:
    frame = exact_frames(busy_room)[10]
    points = frame.points_world.copy()
    points[: round(0.3 * HEIGHT)] += [0.3, -1.0, 2.0]
    pose = estimate(ProcrustesPose(), replace(frame, points_world=points)).camera_to_world
    np.testing.assert_allclose(pose, frame.head_pose, atol=1e-3)


def test_procrustes_heeds_confidence(busy_room: SyntheticSequence) -> None:
    frame = exact_frames(busy_room)[10]
    wrong = np.arange(HEIGHT) < 0.7 * HEIGHT
    points, confidence = frame.points_world.copy(), frame.confidence_world.copy()
    points[wrong] += [0.3, -1.0, 2.0]
    confidence[~wrong] *= 1e4
    changed = replace(frame, points_world=points, confidence_world=confidence)
    pose = estimate(ProcrustesPose(), changed).camera_to_world
    np.testing.assert_allclose(pose, frame.head_pose, atol=1e-2)


def test_procrustes_keeps_its_pose_where_nothing_is_valid(busy_room: SyntheticSequence) -> None:
    source, frames = ProcrustesPose(), exact_frames(busy_room)
    before = estimate(source, frames[5])
    invalid = replace(
        frames[6],
        points_world=np.full_like(frames[6].points_world, np.nan),
        confidence_world=np.zeros_like(frames[6].confidence_world),
    )
    after = estimate(source, invalid)
    assert before.measured
    assert not after.measured
    np.testing.assert_array_equal(after.camera_to_world, before.camera_to_world)
