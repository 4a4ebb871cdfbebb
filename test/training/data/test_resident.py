"""The ring keeps the newest sequences, and clips are theirs."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from made_up_clips import HEIGHT, WIDTH, make_sequence

from mem4d_ros.training.data.resident import (
    MixedSequences,
    ResidentSequences,
    in_order,
    split,
)

CPU = torch.device("cpu")


def ring(capacity: int) -> ResidentSequences:
    return ResidentSequences(capacity, HEIGHT, WIDTH, CPU)


def test_the_oldest_leave() -> None:
    kept = ring(10)
    for seed in range(3):
        kept.add(make_sequence(4, seed))
    assert [list(span) for span in kept.spans] == [[4, 5, 6, 7], [0, 1, 2, 3]]
    assert len(kept) == 8
    for seed, start in ((2, 0), (1, 4)):
        clips = kept.clips(torch.arange(start, start + 4)[None])
        assert torch.equal(clips.images[0], make_sequence(4, seed).images)
        assert torch.equal(clips.camera_to_world[0], make_sequence(4, seed).camera_to_world)


def test_a_longer_one_takes_the_place_of_several() -> None:
    kept = ring(10)
    for seed in range(3):
        kept.add(make_sequence(3, seed))
    kept.add(make_sequence(5, 7))
    assert [list(span) for span in kept.spans] == [[6, 7, 8], [0, 1, 2, 3, 4]]


def test_clips_are_runs_of_one_sequence() -> None:
    kept = ring(30)
    for seed in range(3):
        kept.add(make_sequence(8, seed))
    clips = kept.draw(50, 3, 4, np.random.default_rng(0))
    numbers = clips.images[:, :, 0, 0, 0].long()
    steps = numbers.diff(dim=1)
    assert (steps[:, 0] == steps[:, 1]).all()
    assert set(steps.flatten().abs().tolist()) == {1, 2, 3}
    poses = [make_sequence(8, seed).camera_to_world for seed in range(3)]
    for clip, number in zip(clips.camera_to_world, numbers, strict=True):
        assert any(torch.equal(clip, of_one[number]) for of_one in poses)


def test_every_frame_is_drawn() -> None:
    kept = ring(20)
    kept.add(make_sequence(8))
    kept.add(make_sequence(4, 1))
    clips = kept.draw(600, 1, 4, np.random.default_rng(0))
    values, counts = clips.camera_to_world[:, 0, 0, 3].unique(return_counts=True)
    assert len(values) == 12
    assert counts.min() > 25


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="does not fit a ring"):
        ring(3).add(make_sequence(4))
    with pytest.raises(ValueError, match="no sequence has the 5 frames"):
        ring(3).draw(1, 5, 1, np.random.default_rng(0))


def test_kinds_have_their_shares_while_they_are_there() -> None:
    kinds = {name: ring(20) for name in ("recorded", "mesh", "procedural")}
    kinds["recorded"].add(make_sequence(9, 0))
    kinds["mesh"].add(make_sequence(5, 1))
    mixed = MixedSequences(kinds, {"recorded": 0.25, "mesh": 0.5, "procedural": 0.25}, 4)
    rng = np.random.default_rng(0)
    clips = mixed.draw(900, 2, rng)
    recorded = make_sequence(9, 0).camera_to_world[:, 0, 3]
    of_first = (clips.camera_to_world[:, 0, 0, 3, None] == recorded).any(1)
    assert 0.28 < of_first.float().mean() < 0.38
    assert len(mixed.draw(7, 9, rng).images) == 7  # only one is as long
    with pytest.raises(ValueError, match="no sequence has the 10 frames"):
        mixed.draw(1, 10, rng)


def test_a_kind_of_which_there_is_little_is_drawn_less() -> None:
    kinds = {name: ring(20) for name in ("recorded", "mesh")}
    kinds["recorded"].add(make_sequence(12, 0))
    kinds["mesh"].add(make_sequence(3, 1))
    mixed = MixedSequences(kinds, {"recorded": 0.5, "mesh": 0.5}, 4, enough=12)
    clips = mixed.draw(1000, 1, np.random.default_rng(0))
    of_mesh = (
        clips.camera_to_world[:, 0, 0, 3, None] == make_sequence(3, 1).camera_to_world[:, 0, 3]
    )
    assert of_mesh.any(1).float().mean() == pytest.approx(0.2, abs=0.04)  # 1/4 of 1 and 1/4


def test_the_end_of_a_recording_is_for_measuring() -> None:
    first, rest = split(make_sequence(20), 0.15)
    assert first.images[:, 0, 0, 0].tolist() == list(range(17))
    assert rest.images[:, 0, 0, 0].tolist() == [17, 18, 19]


def test_runs_in_order() -> None:
    runs = in_order(make_sequence(11), 2, pace=2)
    assert [run.images[:, 0, 0, 0].tolist() for run in runs] == [[0, 2], [4, 6]]
