"""Measuring a sequence: an exact network has no error, a scaled one only a metric error."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from mem4d_ros.datasets import Sample
from mem4d_ros.evaluation.online import evaluate_sequence
from mem4d_ros.model import FrameOutput, MemorySizes, MemoryState
from mem4d_ros.runtime import OnlineReconstructor
from mem4d_ros.runtime.pose_sources import HeadPose, PoseEstimate, PoseFrame
from mem4d_ros.synthetic import SyntheticSequence, render_sequence


class Oracle:
    """Knows the sequence by heart, in units of `scale` metres."""

    def __init__(self, sequence: SyntheticSequence, scale: float) -> None:
        self._sequence = sequence
        self._scale = scale

    def initial_state(self, memory: MemorySizes | None = None) -> MemoryState:
        return MemoryState(memory or MemorySizes())

    def step(self, image: torch.Tensor, state: MemoryState) -> tuple[FrameOutput, MemoryState]:
        t, scale = state.frame_index, self._scale
        pose = self._sequence.camera_to_world[t]
        ones = torch.ones(1, *image.shape[-2:])
        output = FrameOutput(
            points_world=self._sequence.points_world[t][None] * scale,
            confidence_world=ones,
            points_camera=self._sequence.points_camera[t][None] * scale,
            confidence_camera=ones,
            quaternion=torch.tensor([[1.0, 0, 0, 0]]),
            translation=pose[None, :3, 3] * scale,
            field_of_view=torch.ones(1, 2),
        )
        return output, replace(state, frame_index=t + 1)


@pytest.fixture(scope="module")
def sequence() -> SyntheticSequence:
    return render_sequence(7, 5, 48, 64)


def samples(sequence: SyntheticSequence) -> list[Sample]:
    images = (sequence.images * 255).byte().permute(0, 2, 3, 1).numpy()
    return [
        Sample(str(t), images[t], sequence.depth[t].numpy(), sequence.camera_to_world[t].numpy())
        for t in range(len(images))
    ]


@pytest.mark.parametrize("scale", [1.0, 0.5])
def test_an_oracle_has_no_error_but_that_of_its_scale(
    sequence: SyntheticSequence, scale: float
) -> None:
    reconstructor = OnlineReconstructor(Oracle(sequence, scale), 64, MemorySizes())
    errors = evaluate_sequence("oracle", samples(sequence), reconstructor)
    assert errors.frames == 5
    assert errors.depth.abs_rel == pytest.approx(0, abs=1e-5)
    assert errors.depth.scale == pytest.approx(1 / scale, rel=1e-4)
    assert errors.depth_metric.abs_rel == pytest.approx(1 - scale, abs=1e-5)
    assert errors.trajectory.ate_share == pytest.approx(0, abs=1e-4)


@pytest.mark.parametrize("known", [False, True])
def test_intrinsics_are_told_when_asked(sequence: SyntheticSequence, known: bool) -> None:
    told = []

    class Listening(HeadPose):
        def estimate(self, frame: PoseFrame) -> PoseEstimate:
            told.append(frame.intrinsics_known)
            return super().estimate(frame)

    reconstructor = OnlineReconstructor(
        Oracle(sequence, 1.0), 64, MemorySizes(), pose_source=Listening()
    )
    calibrated = [replace(sample, intrinsics=np.eye(3)) for sample in samples(sequence)]
    evaluate_sequence("oracle", calibrated, reconstructor, known_intrinsics=known)
    assert told == [known] * 5


def test_a_sample_without_truth_is_named(sequence: SyntheticSequence) -> None:
    reconstructor = OnlineReconstructor(Oracle(sequence, 1.0), 64, MemorySizes())
    bare = [Sample("frame-7", np.zeros((48, 64, 3), np.uint8))]
    with pytest.raises(ValueError, match="frame-7 has no depth or no pose"):
        evaluate_sequence("bare", bare, reconstructor)
