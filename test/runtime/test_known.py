"""What is known of a frame is told to a network that takes evidence, in its own pixels."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scripted_model import IMAGE, MEMORY, EvidentModel, ScriptedModel, reconstructor

from mem4d_ros.model import PRESETS, Mem4D
from mem4d_ros.model.evidence import Evidence
from mem4d_ros.runtime import MeasuredPoints, OnlineReconstructor
from mem4d_ros.runtime.known import Known
from mem4d_ros.runtime.pose_sources import (
    CameraFrame,
    Foreseen,
    HeadPose,
    PoseEstimate,
    PoseFrame,
)

POINTS = MeasuredPoints(np.array([[320.0, 240.0]]), np.array([2.5]), np.array([0.1]))
K = np.array([[585.0, 0, 320], [0, 585, 240], [0, 0, 1]])
POSE = np.array([[0.0, 0, 1, 3], [0, 1, 0, 4], [-1, 0, 0, 5], [0, 0, 0, 1]])


def test_what_is_known_is_told_in_the_networks_pixels() -> None:
    model = EvidentModel()
    reconstructor(model).process(IMAGE, 0, K, points=POINTS, camera_to_world=POSE)
    (told,) = model.evidence
    assert told.intrinsics is not None
    np.testing.assert_allclose(told.intrinsics[0], [[234, 0, 127.7], [0, 234, 95.7], [0, 0, 1]])
    assert told.depth is not None
    assert told.depth.shape == (1, 192, 256)
    assert told.depth[0].nonzero().tolist() == [[96, 128]]
    assert told.camera_to_world is not None
    np.testing.assert_allclose(told.camera_to_world[0], POSE)


def test_what_is_not_known_is_not_told() -> None:
    model = EvidentModel()
    reconstructor(model).process(IMAGE, 0)
    assert model.evidence == [Evidence()]


def test_a_known_pose_is_the_frames_pose() -> None:
    result = reconstructor(EvidentModel()).process(IMAGE, 0, camera_to_world=POSE)
    assert np.array_equal(result.camera_to_world, POSE)
    assert result.pose_measured


@pytest.mark.parametrize("known", [{"points": POINTS}, {"camera_to_world": POSE}])
def test_a_network_without_evidence_cannot_be_told(known: dict) -> None:
    with pytest.raises(ValueError, match="takes no evidence"):
        reconstructor(ScriptedModel()).process(IMAGE, 0, **known)


def test_points_set_the_scale_of_a_network_that_takes_them() -> None:
    """Whatever the weights."""
    online = OnlineReconstructor(Mem4D(PRESETS["lite"]).eval(), 128, MEMORY)
    pixels = np.stack(np.meshgrid(range(0, 640, 20), range(0, 480, 20)), -1).reshape(-1, 2)
    for metres in (1.0, 10.0):
        told = MeasuredPoints(pixels, np.full(len(pixels), metres), np.full(len(pixels), 0.01))
        result = online.process(IMAGE, 0, points=told)
        assert np.median(result.depth) == pytest.approx(metres, rel=0.05)


def test_landmarks_join_the_points_in_the_points_metres() -> None:
    landmarks = MeasuredPoints(np.array([[5.0, 6.0]]), np.array([2.0]), np.array([0.2]))
    told = Known(points=POINTS).foreseen(Foreseen(points=landmarks), metres=3.0)
    assert told.points is not None
    assert told.points.pixels.tolist() == [[320, 240], [5, 6]]
    np.testing.assert_allclose(told.points.depth, [2.5, 6.0])
    np.testing.assert_allclose(told.points.deviation, [0.1, 0.6])


def test_a_known_pose_goes_before_a_foreseen_one() -> None:
    foreseen = Foreseen(camera_to_world=np.eye(4))
    assert Known(camera_to_world=POSE).foreseen(foreseen, 1.0).camera_to_world is POSE
    assert np.array_equal(Known().foreseen(foreseen, 1.0).camera_to_world, np.eye(4))


def test_a_foreseen_pose_is_in_the_points_metres_like_the_landmarks() -> None:
    told = Known(points=POINTS).foreseen(Foreseen(camera_to_world=POSE), metres=3.0)
    expected = POSE.copy()
    expected[:3, 3] = 9, 12, 15
    assert told.camera_to_world is not None
    np.testing.assert_allclose(told.camera_to_world, expected)


class Curious(HeadPose):
    """A pose source that always asks for the network's own depth."""

    def __init__(self) -> None:
        self.seen: list[np.ndarray | None] = []

    def foresee(self, frame: CameraFrame) -> Foreseen:
        return Foreseen(np.eye(4), POINTS, wants_own_depth=True)

    def estimate(self, frame: PoseFrame) -> PoseEstimate:
        self.seen.append(frame.own_depth)
        return super().estimate(frame)


def test_own_depth_is_of_a_network_that_knows_intrinsics_alone() -> None:
    model, source = EvidentModel(), Curious()
    online = OnlineReconstructor(model, 256, MEMORY, pose_source=source)
    for stamp in range(2):
        online.process(IMAGE, stamp, K)
    assert model.frame_indices == [0, 0, 1, 0]  # its memory is empty, and the stream's goes on
    told, own = model.evidence[2:]
    assert told.depth is not None
    assert own.depth is None
    assert own.camera_to_world is None
    assert own.intrinsics is not None
    assert told.intrinsics is not None
    assert torch.equal(own.intrinsics, told.intrinsics)
    assert source.seen[1] is not None
    assert np.all(source.seen[1] == 2)


def test_own_depth_is_in_the_metres_in_which_landmarks_are_told() -> None:
    source = Curious()
    online = OnlineReconstructor(EvidentModel(), 256, MEMORY, pose_source=source)
    online.process(IMAGE, 0, K, metres=3.0)
    assert source.seen[0] is not None
    assert np.all(source.seen[0] == 6)


def test_where_points_are_measured_nobody_looks_at_the_own_depth() -> None:
    model, source = EvidentModel(), Curious()
    online = OnlineReconstructor(model, 256, MEMORY, pose_source=source)
    online.process(IMAGE, 0, K, points=POINTS)
    assert model.frame_indices == [0]
    assert source.seen == [None]
