"""3D RoPE: attention sees relative positions, and nothing else, for as long as a stream runs."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mem4d_ros.model.rope import camera_position, grid_positions, rotation

DIMS = (4, 6, 6)
HEAD_DIM = sum(DIMS)


def scores(positions: torch.Tensor, query: torch.Tensor, key: torch.Tensor) -> torch.Tensor:
    """Dot products (N, N) of rotated queries and keys."""
    rotate = rotation(positions, DIMS, 100.0).to(query)
    return (rotate.apply(query) @ rotate.apply(key).transpose(-1, -2))[0, 0]


@given(
    shift=st.tuples(st.integers(-2_000_000, 2_000_000), st.integers(-64, 64), st.integers(-64, 64)),
    seed=st.integers(0, 100),
)
def test_scores_do_not_change_when_everything_moves(shift: tuple, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    query, key = torch.randn(2, 1, 1, 13, HEAD_DIM, generator=generator)
    positions = torch.cat((camera_position(0, 3, 4), grid_positions([0], 3, 4)))
    moved = positions + torch.tensor(shift, dtype=torch.float64)
    torch.testing.assert_close(
        scores(moved, query, key), scores(positions, query, key), rtol=1e-5, atol=1e-5
    )


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_each_axis_matters(axis: int) -> None:
    torch.manual_seed(0)
    query, key = torch.randn(2, 1, 1, 2, HEAD_DIM)
    here = torch.zeros(2, 3, dtype=torch.float64)
    there = here.clone()
    there[1, axis] = 1
    difference = scores(there, query, key)[0, 1] - scores(here, query, key)[0, 1]
    assert abs(difference) > 1e-3


def test_a_pair_of_channels_turns_by_the_closed_form_angle() -> None:
    rotate = rotation(torch.tensor([[5.0, 0.0, 0.0]]), (4, 2, 2), base=100.0)
    x = torch.zeros(1, 1, 1, 8, dtype=torch.float64)
    x[..., 1] = 1.0  # second frequency of the time axis: 100^(-2/4) = 0.1 rad per frame
    turned = rotate.apply(x).flatten()
    assert turned[1].item() == pytest.approx(math.cos(0.5))
    assert turned[1 + 4].item() == pytest.approx(math.sin(0.5))


def test_rotating_keeps_lengths() -> None:
    x = torch.randn(2, 2, 12, HEAD_DIM, dtype=torch.float64)
    turned = rotation(grid_positions([9], 3, 4), DIMS, 100.0).apply(x)
    torch.testing.assert_close(turned.norm(dim=-1), x.norm(dim=-1))


def test_a_coarse_cell_sits_at_the_mean_of_its_patches() -> None:
    fine = grid_positions([3], 4, 8).reshape(2, 2, 4, 2, 3)
    coarse = grid_positions([3], 2, 4, stride=2).reshape(2, 4, 3)
    torch.testing.assert_close(coarse, fine.mean(dim=(1, 3)))


def test_the_camera_token_sits_at_the_mean_of_the_grid() -> None:
    torch.testing.assert_close(camera_position(7, 5, 9)[0], grid_positions([7], 5, 9).mean(dim=0))


def test_no_times_give_no_positions() -> None:
    assert grid_positions([], 3, 4).shape == (0, 3)
