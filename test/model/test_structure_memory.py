"""The PSM's contents, kept step by step, against contents computed afresh from all frames."""

from __future__ import annotations

import pytest
import torch
from small_networks import SMALL_VIT

from mem4d_ros.model.compression import plan
from mem4d_ros.model.layers import KeyValue
from mem4d_ros.model.rope import Rotation
from mem4d_ros.model.structure_memory import Encode, PersistentStructureMemory, StructureState


@pytest.fixture
def psm() -> PersistentStructureMemory:
    torch.manual_seed(0)
    return PersistentStructureMemory(SMALL_VIT).eval()


def plain(tokens: torch.Tensor, rotation: Rotation) -> KeyValue:
    """A projection that shows tokens and positions as they are: (1, B, 1, m, …)."""
    phases = torch.cat((rotation.cos, rotation.sin), dim=-1)
    return KeyValue(phases.expand(1, tokens.shape[0], 1, -1, -1), tokens[None, :, None])


def shown(psm: PersistentStructureMemory) -> Encode:
    return lambda maps, tier, time: plain(*psm.compress(maps, tier, time))


def filled(psm: PersistentStructureMemory, maps: torch.Tensor, capacity: int) -> StructureState:
    state = StructureState()
    for frame, features in enumerate(maps):
        state = psm.remember(state, frame, features, capacity, shown(psm))
    return state


@pytest.mark.parametrize("grid", [(4, 8), (5, 6)])
@pytest.mark.parametrize("capacity", [1, 2, 12, 40])
def test_kept_tokens_equal_tokens_computed_afresh(
    psm: PersistentStructureMemory, capacity: int, grid: tuple[int, int]
) -> None:
    maps = torch.randn(25, 2, SMALL_VIT.width, *grid)
    state = filled(psm, maps, capacity)
    groups = plan(state.frames, 25, capacity, psm.tiers)
    expected = []
    for group in groups:
        kernel = psm.compressors[group.tier]
        stride = psm.tiers[group.tier].kernel[1]
        rows, columns = (-(-side // stride) * stride for side in grid)
        block = torch.stack([maps[frame] for frame in group.frames], dim=2)
        y = torch.arange(rows).clamp(max=grid[0] - 1)
        x = torch.arange(columns).clamp(max=grid[1] - 1)
        expected.append(kernel(block[..., y[:, None], x]).flatten(2).transpose(1, 2))
    held = state.key_value()
    assert held is not None
    torch.testing.assert_close(held.value[0, :, 0], torch.cat(expected, dim=1))


def test_the_token_count_is_the_one_the_policy_predicts(psm: PersistentStructureMemory) -> None:
    grid = (4, 8)
    state = filled(psm, torch.randn(30, 1, SMALL_VIT.width, *grid), capacity=12)
    # Before frame 30: the first frame, 2 young frames (32 tokens each), then quarters, then pairs.
    by_tier = [sum(1 for g in state.groups if g.tier == tier) for tier in range(3)]
    assert state.tokens == by_tier[0] * 32 + by_tier[1] * 8 + by_tier[2] * 2
    assert by_tier[0] == 1 + 2
    assert len(state.frames) in (11, 12)


def test_feature_maps_are_dropped_once_they_cannot_change_tier(
    psm: PersistentStructureMemory,
) -> None:
    state = filled(psm, torch.randn(40, 1, SMALL_VIT.width, 4, 4), capacity=30)
    last = len(psm.tiers) - 1
    young = {f for group in state.groups if group.tier < last for f in group.frames} - {0}
    assert set(state.features) == young


def test_shrinking_keeps_the_first_frame_and_the_newest(psm: PersistentStructureMemory) -> None:
    state = filled(psm, torch.randn(40, 1, SMALL_VIT.width, 4, 4), capacity=30)
    small = state.shrunk(6)
    assert small.frames[0] == 0
    assert small.frames[1:] == state.frames[-len(small.frames) + 1 :]
    assert 5 <= len(small.frames) <= 6
    assert state.shrunk(1).frames == (0,)
    assert state.shrunk(100).frames == state.frames


def test_writing_sees_place_and_confidence(psm: PersistentStructureMemory) -> None:
    points, confidence = torch.randn(1, 32, 64, 3), 1 + torch.rand(1, 32, 64)
    features = psm.write(points, confidence)
    assert features.shape == (1, SMALL_VIT.width, 2, 4)
    assert not torch.allclose(features, psm.write(points + 1, confidence))
    assert not torch.allclose(features, psm.write(points, confidence + 1))
