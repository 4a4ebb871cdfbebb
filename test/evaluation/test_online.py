"""A recording is run as a stream of its own, and depth fills the camera's image."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from oracle import ListRecording, Oracle, Room, recording_of, room
from wall_model import WallModel

from mem4d_ros.datasets import Sample
from mem4d_ros.evaluation.errors import NotMeasurable
from mem4d_ros.evaluation.online import Told, full_depth, run_recording
from mem4d_ros.model import MemorySizes
from mem4d_ros.runtime import OnlineReconstructor, upsample_depth
from mem4d_ros.runtime.pose_sources import HeadPose, PoseEstimate, PoseFrame


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
    told = []

    class Listening(HeadPose):
        def estimate(self, frame: PoseFrame) -> PoseEstimate:
            told.append(np.allclose(frame.intrinsics, truth.intrinsics))
            return super().estimate(frame)

    reconstructor = OnlineReconstructor(WallModel(), 64, MemorySizes(), pose_source=Listening())
    list(run_recording(recording_of(truth), range(5), reconstructor, Told(intrinsics=known)))
    assert told == [known] * 5


def test_a_sample_without_the_intrinsics_to_tell_is_named(truth: Room) -> None:
    samples = [replace(sample, intrinsics=None) for sample in recording_of(truth).samples]
    reconstructor = OnlineReconstructor(Oracle(truth), 64, MemorySizes())
    with pytest.raises(NotMeasurable, match="frame 0 has no intrinsics"):
        list(
            run_recording(
                ListRecording("room", samples), range(5), reconstructor, Told(intrinsics=True)
            )
        )


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
