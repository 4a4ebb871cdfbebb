"""A recording is run as a stream of its own, and depth fills the camera's image."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from oracle import ListRecording, Oracle, Room, recording_of, room
from wall_model import WallModel

from mem4d_ros.datasets import Sample
from mem4d_ros.evaluation.errors import NotMeasurable
from mem4d_ros.evaluation.online import Step, Told, corners_of, full_depth, run_recording
from mem4d_ros.geometry import ImageTransform
from mem4d_ros.model import FrameOutput, MemorySizes, MemoryState
from mem4d_ros.model.evidence import Evidence
from mem4d_ros.runtime import OnlineReconstructor, upsample_depth


@pytest.fixture(scope="module")
def truth() -> Room:
    return room(frames=5)


def test_the_frames_are_taken_in_order(truth: Room) -> None:
    recording = recording_of(truth)
    reconstructor = OnlineReconstructor(WallModel(), 64, MemorySizes())
    steps = list(run_recording(recording, range(0, 5, 2), reconstructor))
    assert [step.sample for step in steps] == recording.samples[::2]
    assert [step.found.frame_index for step in steps] == [0, 1, 2]


def test_each_recording_is_a_world_of_its_own(truth: Room) -> None:
    reconstructor = OnlineReconstructor(Oracle(truth), 64, MemorySizes())
    for _ in range(2):
        steps = list(run_recording(recording_of(truth), range(5), reconstructor))
        for step in steps:
            assert step.found.depth == pytest.approx(step.sample.depth, rel=1e-5)


@pytest.mark.parametrize("known", [False, True])
def test_intrinsics_are_told_when_asked(truth: Room, known: bool) -> None:
    told = np.array([[50.0, 0, 30], [0, 50, 25], [0, 0, 1]])
    samples = [replace(sample, intrinsics=told) for sample in recording_of(truth).samples]
    reconstructor = OnlineReconstructor(Oracle(truth), 64, MemorySizes())
    for step in run_recording(
        ListRecording("room", samples), range(5), reconstructor, Told(intrinsics=known)
    ):
        np.testing.assert_allclose(step.found.intrinsics, told if known else truth.intrinsics)


def test_a_sample_without_the_intrinsics_to_tell_is_named(truth: Room) -> None:
    samples = [replace(sample, intrinsics=None) for sample in recording_of(truth).samples]
    reconstructor = OnlineReconstructor(Oracle(truth), 64, MemorySizes())
    with pytest.raises(NotMeasurable, match="frame 0 has no intrinsics"):
        list(
            run_recording(
                ListRecording("room", samples), range(5), reconstructor, Told(intrinsics=True)
            )
        )


class Listener(Oracle):
    """Takes evidence, and notes it."""

    takes_evidence = True

    def __init__(self, truth: Room) -> None:
        super().__init__(truth)
        self.told: list[Evidence] = []

    def step(
        self, image: torch.Tensor, state: MemoryState, evidence: Evidence | None = None
    ) -> tuple[FrameOutput, MemoryState]:
        assert evidence is not None
        self.told.append(evidence)
        return super().step(image, state)


def listened(truth: Room, told: Told, frames: int = 3) -> tuple[list[Evidence], list[Step]]:
    model = Listener(truth)
    reconstructor = OnlineReconstructor(model, 64, MemorySizes())
    steps = list(run_recording(recording_of(truth), range(frames), reconstructor, told))
    return model.told, steps


def test_a_network_that_takes_evidence_is_told_the_intrinsics_unless_asked_not_to(
    truth: Room,
) -> None:
    for evidence in listened(truth, Told())[0]:
        assert evidence.intrinsics is not None
        np.testing.assert_allclose(evidence.intrinsics[0], truth.intrinsics, rtol=1e-6)
        assert evidence.depth is None
        assert evidence.camera_to_world is None
    assert listened(truth, Told(intrinsics=False), 1)[0] == [Evidence()]


def test_points_lie_on_the_truth_but_for_their_errors(truth: Room) -> None:
    told, _ = listened(truth, Told(points=100))
    again, _ = listened(truth, Told(points=100))
    other, _ = listened(truth, Told(points=100, seed=7))
    for frame, evidence in enumerate(told):
        assert evidence.depth is not None
        found = evidence.depth[0].numpy()
        there = found > 0
        assert there.sum() == 100
        errors = np.abs(found / truth.depth[frame] - 1)[there]
        assert np.median(errors) == pytest.approx(0.03, abs=0.015)
        assert torch.equal(evidence.depth, again[frame].depth)
        assert not torch.equal(evidence.depth, other[frame].depth)


def test_points_follow_the_crop(truth: Room) -> None:
    """Of an image with rows that the network does not see, exact depth tells where it was read."""
    depth = np.arange(60 * 64, dtype=np.float32).reshape(60, 64) + 1000
    image = np.random.default_rng(0).integers(0, 256, (60, 64, 3), np.uint8)
    transform = ImageTransform.fit(64, 60, 64)
    points = corners_of(image, depth, transform, 50, seed=0)
    columns, rows = points.pixels.astype(int).T
    relative = points.depth / depth[rows, columns]
    assert np.median(np.abs(relative - 1)) < 0.05
    assert rows.min() >= 6
    assert rows.max() < 54


def test_true_poses_are_told_in_the_first_frames_world(truth: Room) -> None:
    samples = recording_of(truth).samples
    model = Listener(truth)
    reconstructor = OnlineReconstructor(model, 64, MemorySizes())
    steps = run_recording(
        ListRecording("room", samples[1:]), range(3), reconstructor, Told(poses=True)
    )
    for frame, _ in enumerate(steps):
        first = truth.camera_to_world[1]
        told = model.told[frame].camera_to_world
        assert told is not None
        np.testing.assert_allclose(
            first @ told[0].numpy(), truth.camera_to_world[1 + frame], atol=1e-6
        )


def test_single_views_remember_nothing(truth: Room) -> None:
    steps = listened(truth, Told(single_views=True))[1]
    assert [step.found.frame_index for step in steps] == [0, 0, 0]


@pytest.mark.parametrize("told", [Told(points=10), Told(poses=True)])
def test_what_a_network_cannot_be_told_is_said(truth: Room, told: Told) -> None:
    reconstructor = OnlineReconstructor(Oracle(truth), 64, MemorySizes())
    with pytest.raises(NotMeasurable, match="takes no evidence"):
        list(run_recording(recording_of(truth), range(2), reconstructor, told))


def test_a_sample_without_the_pose_to_tell_is_named(truth: Room) -> None:
    samples = [replace(sample, camera_to_world=None) for sample in recording_of(truth).samples]
    reconstructor = OnlineReconstructor(Listener(truth), 64, MemorySizes())
    told = Told(poses=True)
    with pytest.raises(NotMeasurable, match="frame 0 has no pose"):
        list(run_recording(ListRecording("room", samples), range(2), reconstructor, told))


def test_where_a_frame_has_no_depth_no_points_are_told(truth: Room) -> None:
    samples = recording_of(truth).samples
    samples[1] = replace(samples[1], depth=None)
    model = Listener(truth)
    reconstructor = OnlineReconstructor(model, 64, MemorySizes())
    list(run_recording(ListRecording("room", samples), range(3), reconstructor, Told(points=10)))
    counts = [0 if e.depth is None else int((e.depth > 0).sum()) for e in model.told]
    assert counts == [10, 0, 10]


def test_a_recording_without_poses_is_one_stream(truth: Room) -> None:
    samples = [replace(sample, camera_to_world=None) for sample in recording_of(truth).samples]
    reconstructor = OnlineReconstructor(Oracle(truth), 64, MemorySizes())
    steps = run_recording(ListRecording("room", samples), range(3), reconstructor)
    assert [step.found.frame_index for step in steps] == [0, 1, 2]


@pytest.mark.parametrize(("width", "height"), [(64, 48), (128, 96), (70, 48), (100, 64), (64, 30)])
def test_depth_fills_the_camera_image(width: int, height: int) -> None:
    """Inside the crop it is the upsampled depth; outside, that of the nearest pixel inside."""
    sample = Sample("frame", np.zeros((height, width, 3), np.uint8))
    reconstructor = OnlineReconstructor(WallModel(), 64, MemorySizes())
    (step,) = run_recording(ListRecording("wall", [sample]), range(1), reconstructor)
    full = full_depth(step.found)
    inside = upsample_depth(step.found.depth, step.found.input_transform)
    known = np.argwhere(np.isfinite(inside))
    first, last = known.min(axis=0), known.max(axis=0)
    for row, column in np.ndindex(height, width):
        nearest = np.clip((row, column), first, last)
        assert full[row, column] == inside[tuple(nearest)]
