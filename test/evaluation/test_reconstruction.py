"""Pointmaps against the truth: an oracle makes no error at any scale, a bent one a known error."""

from __future__ import annotations

from dataclasses import astuple, replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import ListRecording, Oracle, Room, recording_of, room

from mem4d_ros.evaluation.errors import NotMeasurable
from mem4d_ros.evaluation.online import run_recording
from mem4d_ros.evaluation.protocols import ReconstructionProtocol
from mem4d_ros.evaluation.reconstruction import (
    ErrorCloud,
    ReconstructionResult,
    centre,
    match_scale,
    measure_reconstruction,
    true_pointmap,
)
from mem4d_ros.geometry import ImageTransform
from mem4d_ros.model import MemorySizes
from mem4d_ros.model.output import FrameOutput
from mem4d_ros.model.state import MemoryState
from mem4d_ros.runtime import OnlineReconstructor

WHOLE = ReconstructionProtocol(crop_ratio=2.0, max_depth_m=1000.0)


@pytest.fixture(scope="module")
def truth() -> Room:
    return room(frames=3)


def measured(
    recording: ListRecording, oracle: Oracle, protocol: ReconstructionProtocol = WHOLE
) -> tuple[ReconstructionResult, ErrorCloud]:
    reconstructor = OnlineReconstructor(oracle, 64, MemorySizes())
    steps = run_recording(recording, range(len(recording)), reconstructor)
    return measure_reconstruction("room", steps, protocol)


@pytest.mark.parametrize("scale", [1.0, 0.25])
def test_an_oracle_makes_no_error(truth: Room, scale: float) -> None:
    result, cloud = measured(recording_of(truth), Oracle(truth, scale))
    assert astuple(result.errors)[:4] == pytest.approx((0, 0, 0, 0), abs=1e-4)
    assert result.errors.normal_consistency_median == pytest.approx(1, abs=1e-3)
    assert result.scale == pytest.approx(1 / scale, rel=1e-3)
    assert len(cloud.points) == 3 * 48 * 64


def test_only_the_centre_and_the_near_count(truth: Room) -> None:
    protocol = ReconstructionProtocol(crop_ratio=0.5, max_depth_m=2.5)
    recording = recording_of(truth)
    _, cloud = measured(recording, Oracle(truth), protocol)
    depths = np.stack([sample.depth for sample in recording.samples])[:, 8:40, 16:48]
    assert len(cloud.points) == (depths <= 2.5).sum() > 0


@pytest.mark.parametrize(
    ("shape", "rows", "columns"),
    [
        ((384, 512), slice(80, 304), slice(144, 368)),
        ((192, 256), slice(40, 152), slice(72, 184)),
        ((64, 256), slice(0, 64), slice(72, 184)),
    ],
)
def test_the_crop_is_224_of_512_pixels(shape: tuple[int, int], rows: slice, columns: slice) -> None:
    assert centre(shape, ReconstructionProtocol().crop_ratio) == (rows, columns)


def test_true_points_are_those_of_the_room(truth: Room) -> None:
    recording = recording_of(truth)
    same_size = ImageTransform.fit(64, 48, 64)
    for t, sample in enumerate(recording.samples):
        points, pose = true_pointmap(sample, same_size, 1000.0)
        assert points == pytest.approx(truth.points_camera[t], abs=1e-3)
        assert pose == pytest.approx(truth.camera_to_world[t])


def test_true_points_follow_the_image_to_the_networks_size(truth: Room) -> None:
    """At half the size each network pixel lies between four of the camera's; one of them it is."""
    sample = recording_of(truth).samples[0]
    points, _ = true_pointmap(sample, ImageTransform.fit(64, 48, 32), 1000.0)
    assert points.shape == (16, 32, 3)  # 24 rows, cropped to a multiple of 16
    blocks = sample.depth[8:40].reshape(16, 2, 32, 2).transpose(0, 2, 1, 3).reshape(16, 32, 4)
    assert (np.abs(points[..., 2:] - blocks).min(-1) < 1e-5).all()


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 99), factor=st.floats(0.01, 100), offset=st.floats(-3, 3))
def test_scale_and_depth_are_forgiven(seed: int, factor: float, offset: float) -> None:
    true = np.random.default_rng(seed).normal(size=(5, 7, 3)) + [0, 0, 4]
    predicted = factor * (true + [0, 0, offset])
    matched, scale = match_scale(predicted, true)
    assert scale == pytest.approx(1 / factor)
    assert matched == pytest.approx(true, abs=1e-6)


def test_the_scale_is_that_of_the_median_distances() -> None:
    rng = np.random.default_rng(0)
    predicted, true = rng.normal(size=(2, 99, 3))
    sizes = [
        np.median(np.linalg.norm(points - np.median(points, axis=0), axis=1))
        for points in (predicted, true)
    ]
    assert match_scale(predicted, true)[1] == pytest.approx(sizes[1] / sizes[0])


def test_points_without_truth_have_no_say() -> None:
    rng = np.random.default_rng(0)
    true = rng.normal(size=(50, 3))
    predicted = 2 * true
    predicted[0] = 1000
    true[0] = np.nan
    assert match_scale(predicted, true)[1] == pytest.approx(0.5)


def test_a_prediction_at_one_point_is_refused() -> None:
    with pytest.raises(NotMeasurable, match="coincide"):
        match_scale(np.ones((9, 3)), np.random.default_rng(0).normal(size=(9, 3)))


def test_points_that_are_not_predicted_cost_completeness(truth: Room) -> None:
    class HalfBlind(Oracle):
        def step(self, image: torch.Tensor, state: MemoryState) -> tuple[FrameOutput, MemoryState]:
            output, state = super().step(image, state)
            output.points_world[..., 32:, :] = np.nan
            return output, state

    result, cloud = measured(recording_of(truth), HalfBlind(truth))
    assert len(cloud.points) == 3 * 48 * 32
    assert result.errors.accuracy == pytest.approx(0, abs=1e-3)
    assert result.errors.completeness > 0.05


@pytest.mark.parametrize("frame", [0, 1])
@pytest.mark.parametrize("missing", ["depth", "camera_to_world", "intrinsics"])
def test_a_frame_without_its_truth_is_run_but_not_counted(
    truth: Room, missing: str, frame: int
) -> None:
    """Also the first, in whose frame both sides are compared."""
    samples = recording_of(truth).samples
    samples[frame] = replace(samples[frame], **{missing: None})
    result, _ = measured(ListRecording("room", samples), Oracle(truth))
    assert (result.frames, result.uncounted) == (2, 1)
    assert astuple(result.errors)[:4] == pytest.approx((0, 0, 0, 0), abs=1e-4)


def test_a_recording_without_any_truth_is_refused(truth: Room) -> None:
    samples = [replace(sample, camera_to_world=None) for sample in recording_of(truth).samples]
    with pytest.raises(NotMeasurable, match="no frame of the selection has depth, pose and"):
        measured(ListRecording("room", samples), Oracle(truth))
