"""What the PSM keeps, as properties of the policy and as counts done by hand."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mem4d_ros.model import PRESETS
from mem4d_ros.model.compression import FrameGroup, plan

TIERS = PRESETS["large"].structure_memory.tiers


def stream(length: int, capacity: int) -> list[tuple[FrameGroup, ...]]:
    """The plan before each of `length` frames of a stream."""
    plans: list[tuple[FrameGroup, ...]] = [()]
    for now in range(1, length):
        stored = [frame for group in plans[-1] for frame in group.frames] + [now - 1]
        plans.append(plan(stored, now, capacity, TIERS))
    return plans


@settings(deadline=None)
@given(length=st.integers(2, 260), capacity=st.integers(1, 120))
def test_invariants_of_the_policy(length: int, capacity: int) -> None:
    for now, groups in enumerate(stream(length, capacity)[1:], start=1):
        frames = [frame for group in groups for frame in group.frames]
        assert len(frames) == len(set(frames)) <= capacity, "at most N_s frames, none twice"
        assert len(frames) >= min(now, capacity) - 1, "at most one frame leaves early"
        assert groups[0] == FrameGroup((0,), 0), "the first frame is kept and not compressed"
        for group in groups[1:]:
            tier = TIERS[group.tier]
            assert len(group.frames) == tier.kernel[0]
            assert now - max(group.frames) > tier.older_than
            assert now - 1 in frames or capacity == 1


@settings(deadline=None)
@given(length=st.integers(2, 200), capacity=st.integers(1, 120))
def test_a_group_once_left_never_returns(length: int, capacity: int) -> None:
    gone: set[FrameGroup] = set()
    previous: set[FrameGroup] = set()
    for groups in stream(length, capacity):
        assert gone.isdisjoint(groups)
        gone |= previous - set(groups)
        previous = set(groups)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (5, {(1,): 0, (4,): 0}),  # Δ = 4 is still uncompressed
        (6, {(1,): 1, (2,): 0}),  # Δ = 5 is not
        (18, {(1,): 1, (2,): 1}),  # Δ = 17, but its partner 2 has Δ = 16: the pair waits
        (19, {(1, 2): 2, (3,): 1}),
    ],
)
def test_ages_at_which_frames_are_compressed(now: int, expected: dict) -> None:
    tiers = {group.frames: group.tier for group in plan(range(now), now, 100, TIERS)}
    assert {frames: tiers[frames] for frames in expected} == expected


def test_a_merged_group_leaves_whole() -> None:
    # 100 frames: the first and 99 newest of 0..199 are 101..199; 101 pairs with 102.
    assert (101, 102) in [group.frames for group in plan(range(200), 200, 100, TIERS)]
    # One later 101 must go: 102 goes with it.
    frames = [f for group in plan(range(201), 201, 100, TIERS) for f in group.frames]
    assert 102 not in frames
    assert 103 in frames
    assert len(frames) == 99


def test_a_frame_from_the_future_is_refused() -> None:
    with pytest.raises(ValueError, match="not older"):
        plan([0, 7], 7, 10, TIERS)
