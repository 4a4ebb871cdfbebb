"""Batches are functions of their key, and keep what their sequences say."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from made_up_clips import HEIGHT, WIDTH, make_sequence

from mem4d_ros.training.config import StageConfig
from mem4d_ros.training.data.batches import (
    Batch,
    BatchKey,
    PooledClips,
    cut,
    draw_frames,
    training_batch,
)
from mem4d_ros.training.data.sequences import StoredSequence
from mem4d_ros.training.data_config import DataConfig
from mem4d_ros.training.graphs import tensors_of
from mem4d_ros.training.variation import SimulatedEvidence

CPU = torch.device("cpu")
DATA = DataConfig(height=HEIGHT, width=WIDTH)


class Pool:
    """A few made-up sequences."""

    corrupt = 0

    def __len__(self) -> int:
        return 3

    def __getitem__(self, index: int) -> StoredSequence:
        return make_sequence(9, seed=index)


def batch_of(stage: StageConfig, key: BatchKey, evidence: SimulatedEvidence | None = None) -> Batch:
    return training_batch(PooledClips(Pool(), CPU), stage, key, DATA, evidence)


@settings(max_examples=50, deadline=None)
@given(length=st.integers(1, 20), data=st.data())
def test_a_run_keeps_one_pace_in_one_direction(length: int, data: st.DataObject) -> None:
    frames = data.draw(st.integers(1, length))
    rng = np.random.default_rng(data.draw(st.integers(0, 1000)))
    sequence = make_sequence(length)
    run = cut(sequence, frames, rng)
    chosen = run.images[:, 0, 0, 0].long()
    assert len(chosen) == frames
    assert len(set(chosen.diff().tolist())) <= 1
    assert frames == 1 or chosen.diff()[0] != 0
    for name in ("images", "camera_to_world", "moving"):
        assert torch.equal(getattr(run, name), getattr(sequence, name)[chosen])


def test_runs_start_everywhere_at_every_pace_in_both_directions() -> None:
    found = {tuple(draw_frames(7, 2, 7, np.random.default_rng(seed))) for seed in range(300)}
    assert found == {(a, b) for a in range(7) for b in range(7) if a != b}


def test_a_pace_can_be_bounded() -> None:
    steps = {abs(np.diff(draw_frames(50, 2, 3, np.random.default_rng(s)))[0]) for s in range(100)}
    assert steps == {1, 2, 3}


@pytest.mark.parametrize("evidence", [None, SimulatedEvidence()], ids=["images", "evidence"])
def test_the_same_key_gives_the_same_batch(evidence: SimulatedEvidence | None) -> None:
    stage = StageConfig(1, frames=(2, 5), batch=3)
    key = BatchKey(seed=1, step=2, rank=3)
    one, other = batch_of(stage, key, evidence), batch_of(stage, key, evidence)
    for a, b in zip(tensors_of(one), tensors_of(other), strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=0, equal_nan=True)


def test_every_part_of_the_key_counts() -> None:
    stage = StageConfig(1, frames=(3, 3), batch=4)
    keys = [BatchKey(0, 0), BatchKey(1, 0), BatchKey(0, 1), BatchKey(0, 0, rank=1)]
    batches = [batch_of(stage, key).images for key in keys]
    for i, one in enumerate(batches):
        assert all(not torch.equal(one, other) for other in batches[i + 1 :])


def test_processes_draw_sequences_of_one_length() -> None:
    stage = StageConfig(1, frames=(1, 9), batch=1)
    lengths = [
        {batch_of(stage, BatchKey(0, step, r)).images.shape[1] for r in range(4)}
        for step in range(20)
    ]
    assert all(len(of_one_step) == 1 for of_one_step in lengths)
    assert len(set.union(*lengths)) > 5


def test_a_batch_has_one_shape_throughout() -> None:
    batch = batch_of(StageConfig(1, frames=(3, 3), batch=4), BatchKey(0, 0), SimulatedEvidence())
    assert batch.images.shape == (4, 3, 3, HEIGHT, WIDTH)
    assert batch.evidence is not None
    for field in (*fields(batch.truth), *fields(batch.evidence)):
        part = batch.truth if hasattr(batch.truth, field.name) else batch.evidence
        assert getattr(part, field.name).shape[:2] == (4, 3), field.name
