"""Depth of a recording: an oracle has no error but that of its scale."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from oracle import ListRecording, Oracle, Room, recording_of, room

from mem4d_ros.evaluation.errors import NotMeasurable
from mem4d_ros.evaluation.online import run_recording
from mem4d_ros.evaluation.protocols import DepthProtocol
from mem4d_ros.evaluation.video_depth import DepthResult, measure_depth, total_depth_errors
from mem4d_ros.model import MemorySizes
from mem4d_ros.runtime import OnlineReconstructor

ALL = ("scale", "scale-shift", "metric")


@pytest.fixture(scope="module")
def truth() -> Room:
    return room(frames=3)


def measured(
    recording: ListRecording, oracle: Oracle, protocol: DepthProtocol | None = None
) -> DepthResult:
    reconstructor = OnlineReconstructor(oracle, 64, MemorySizes())
    steps = run_recording(recording, range(len(recording)), reconstructor)
    return measure_depth(recording.name, steps, protocol or DepthProtocol(), ALL)[0]


@pytest.mark.parametrize("scale", [1.0, 0.5])
def test_an_oracle_has_no_error_but_that_of_its_scale(truth: Room, scale: float) -> None:
    result = measured(recording_of(truth), Oracle(truth, scale))
    assert (result.name, result.frames) == ("room", 3)
    assert result.errors["scale"].abs_rel == pytest.approx(0, abs=1e-5)
    assert result.errors["scale-shift"].abs_rel == pytest.approx(0, abs=1e-5)
    assert result.errors["metric"].abs_rel == pytest.approx(1 - scale, abs=1e-5)
    assert result.alignments["scale"].scale == pytest.approx(1 / scale, rel=1e-4)
    assert result.errors["metric"].everything.pixels == 3 * 48 * 64


def test_the_protocol_masks_the_truth(truth: Room) -> None:
    result = measured(recording_of(truth), Oracle(truth), DepthProtocol(max_depth_m=2.0))
    assert result.errors["scale"].everything.pixels == (truth.depth < 2).sum() > 0


def test_what_moves_is_known_where_the_samples_say(truth: Room) -> None:
    mask = np.zeros((48, 64), bool)
    mask[:8] = True
    samples = [replace(sample, moving=mask) for sample in recording_of(truth).samples]
    errors = measured(ListRecording("room", samples), Oracle(truth, 0.5)).errors["metric"]
    assert (errors.moving.pixels, errors.still.pixels) == (3 * 8 * 64, 3 * 40 * 64)
    assert errors.moving_ratio == pytest.approx(1)


def test_sequences_are_weighted_by_their_pixels(truth: Room) -> None:
    """Half metres on two frames, whole ones on the third."""
    samples = recording_of(truth).samples
    off = measured(ListRecording("off", samples[:2]), Oracle(truth, 0.5))
    right = measured(ListRecording("right", samples[:1]), Oracle(truth))
    total = total_depth_errors([off, right])
    assert total["metric"].abs_rel == pytest.approx(0.5 * 2 / 3, rel=1e-5)


def test_a_frame_without_true_depth_does_not_count(truth: Room) -> None:
    """The network sees it all the same: the oracle would be a frame behind if it did not."""
    samples = recording_of(truth).samples
    samples[1] = replace(samples[1], depth=None)
    result = measured(ListRecording("room", samples), Oracle(truth))
    assert result.frames == 2
    assert result.errors["metric"].abs_rel == pytest.approx(0, abs=1e-5)


@pytest.mark.parametrize("count", [0, 2])
def test_a_recording_without_true_depth_is_refused(truth: Room, count: int) -> None:
    samples = [replace(sample, depth=None) for sample in recording_of(truth).samples[:count]]
    with pytest.raises(NotMeasurable, match="no frame of the selection has depth"):
        measured(ListRecording("room", samples), Oracle(truth))
