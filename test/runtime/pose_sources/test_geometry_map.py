"""The map that visual odometry makes: in which metres it is, and what of it is kept."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from pose_frames import estimate, exact_frames, run, truth

from mem4d_ros.geometry import ImageTransform
from mem4d_ros.mapping import Map, StoredMap, scale_of
from mem4d_ros.mapping.drift import FIRST_LOOKS, TOLERANCE
from mem4d_ros.mapping.growth import depth_at
from mem4d_ros.runtime.pose_sources import CameraFrame, GeometryPose, PoseFrame, geometry
from mem4d_ros.runtime.pose_sources.geometry import LOOK_EVERY
from mem4d_ros.synthetic import SyntheticSequence


def look_at(source: GeometryPose, frame: PoseFrame, told_by_own: float) -> bool:
    """Process a frame with the own depth that is wanted; whether it was."""
    height, width = frame.image.shape[:2]
    transform = ImageTransform.fit(width, height, max(width, height))
    wants = source.foresee(CameraFrame(frame.image, transform, frame.intrinsics)).wants_own_depth
    own = frame.points_camera[..., 2] / np.float32(told_by_own) if wants else None
    source.estimate(replace(frame, own_depth=own))
    return wants


def test_odometry_looks_at_the_own_depth_of_some_keyframes(still_room: SyntheticSequence) -> None:
    """Not of the first one, whose depth is the own one."""
    source, frames = GeometryPose(), exact_frames(still_room)
    before, looked = [0], []
    for number, frame in enumerate(frames):
        if look_at(source, frame, 1.0):
            looked.append(number)
            assert max(source.map.keyframes) > before[-1]
        before.append(max(source.map.keyframes))
    assert looked
    assert looked[0] > 0
    assert all(b - a > LOOK_EVERY for a, b in itertools.pairwise(looked))


def test_a_map_that_stays_as_it_is_asks_for_no_own_depth(still_room: SyntheticSequence) -> None:
    source, frames = GeometryPose(), exact_frames(still_room)
    run(source, frames)
    assert source.camera is not None
    source.use_map(StoredMap(source.map.copy(), source.camera), extends=False)
    assert not any(look_at(source, frame, 1.0) for frame in frames)


def test_what_begins_in_a_depth_that_has_grown_begins_nearer(
    still_room: SyntheticSequence, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(geometry, "LOOK_EVERY", 0)
    source, frames = GeometryPose(), exact_frames(still_room)
    looks = 0
    for frame in frames:
        looks += look_at(source, frame, 1.0 if looks == 0 else 2.0)
    assert looks > 1
    keyframe, table = source.map.newest, source.map.landmarks
    begun = keyframe.landmarks[table.host[keyframe.landmarks] == keyframe.number]
    shown = next(f for f in frames if np.array_equal(f.image, keyframe.dense.image))
    told = replace(keyframe.dense, depth=shown.points_camera[..., 2])
    nearer = np.log(depth_at(told, table.pixel[begun])) - table.log_prior[begun]
    kept = np.log(depth_at(keyframe.dense, table.pixel[begun]))
    np.testing.assert_allclose(kept, table.log_prior[begun], atol=1e-3)
    reference = (looks - 1) * np.log(2) / looks  # of fewer than ten looks all count
    assert looks <= FIRST_LOOKS
    np.testing.assert_allclose(
        nearer[np.isfinite(nearer)], np.log(2) - reference - TOLERANCE, atol=1e-3
    )


def positions(world: Map) -> np.ndarray:
    return np.array([keyframe.camera_to_world[:3, 3] for keyframe in world.keyframes.values()])


def test_the_world_takes_the_metres_of_another_odometry(still_room: SyntheticSequence) -> None:
    """Once, and only where it is known how long they are."""
    frames, source = exact_frames(still_room), GeometryPose()
    odom = truth(frames)
    odom[:, :3, 3] *= 4.0
    estimate(source, frames[0], odom[0])
    assert source.take_odometry_metres() is None
    for frame, pose in zip(frames[1:], odom[1:], strict=True):
        estimate(source, frame, pose)
    before = positions(source.map)
    correction = source.take_odometry_metres()
    assert correction is not None
    scale = scale_of(correction.motions)[0]
    assert 3.8 < scale < 4.2
    np.testing.assert_allclose(positions(source.map), scale * before, rtol=1e-9)
    assert source.take_odometry_metres() is None


def test_a_map_that_was_given_keeps_its_metres(still_room: SyntheticSequence) -> None:
    frames, source = exact_frames(still_room), GeometryPose()
    run(source, frames[:12])
    assert source.camera is not None
    source.use_map(StoredMap(source.map.copy(), source.camera), extends=True)
    odom = truth(frames)
    odom[:, :3, 3] *= 4.0
    for frame, pose in zip(frames, odom, strict=True):
        estimate(source, frame, pose)
    assert source.knows_odometry_metres
    assert source.take_odometry_metres() is None


def test_of_a_map_in_pieces_the_largest_is_saved(
    still_room: SyntheticSequence, busy_room: SyntheticSequence
) -> None:
    source, there, elsewhere = GeometryPose(), exact_frames(still_room), exact_frames(busy_room)
    run(source, there)
    before = set(source.map.keyframes)
    run(source, elsewhere[:14])
    assert len(source.pieces) == 2
    assert 0 < len(source.map.keyframes) < len(before)
    assert set(source.main_piece.keyframes) == before


def test_of_a_map_that_is_extended_the_piece_that_grew_from_it_is_saved(
    still_room: SyntheticSequence, busy_room: SyntheticSequence
) -> None:
    source, there, elsewhere = GeometryPose(), exact_frames(still_room), exact_frames(busy_room)
    run(source, there[:12])
    assert source.camera is not None
    given = StoredMap(source.map.copy(), source.camera)
    source.use_map(given, extends=True)
    run(source, there[:2])
    for _ in range(2):
        run(source, elsewhere)
    assert len(source.pieces) == 2
    assert len(source.map.keyframes) > len(source.main_piece.keyframes)
    assert source.main_piece.keyframes.keys() >= given.world.keyframes.keys()
