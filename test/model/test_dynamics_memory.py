"""The correlation look-up against a 4D volume that is built and pooled by brute force."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from small_networks import SMALL_VIT

from mem4d_ros.model.dynamics_memory import TransientDynamicsMemory


def brute_force(current: np.ndarray, past: np.ndarray, levels: int, radius: int) -> np.ndarray:
    """Look-ups (h, w, levels · (2r+1)²) of current and past (C, h, w), cell by cell."""
    channels, height, width = current.shape
    pooled = np.einsum("cij,ckl->ijkl", current, past) / np.sqrt(channels)
    out = np.zeros((height, width, levels, 2 * radius + 1, 2 * radius + 1))
    for level in range(levels):
        pooled = halved(pooled) if level else pooled
        rows, columns = pooled.shape[2:]
        for y, x in np.ndindex(height, width):
            for dy, dx in np.ndindex(2 * radius + 1, 2 * radius + 1):
                i, j = (y >> level) + dy - radius, (x >> level) + dx - radius
                if 0 <= i < rows and 0 <= j < columns:
                    out[y, x, level, dy, dx] = pooled[y, x, i, j]
    return out.reshape(height, width, -1)


def halved(volume: np.ndarray) -> np.ndarray:
    """Mean over 2×2 cells of the last two dimensions; a cell at the border may be smaller."""
    rows, columns = (-(-side // 2) for side in volume.shape[2:])
    pooled = np.zeros((*volume.shape[:2], rows, columns))
    for i, j in np.ndindex(rows, columns):
        pooled[..., i, j] = volume[..., 2 * i : 2 * i + 2, 2 * j : 2 * j + 2].mean((2, 3))
    return pooled


@pytest.mark.parametrize("grid", [(4, 8), (5, 7), (6, 6), (3, 1)])
@torch.no_grad()
def test_the_look_up_equals_a_brute_force_volume_at_every_level(grid: tuple[int, int]) -> None:
    torch.manual_seed(0)
    height, width = grid
    tdm = TransientDynamicsMemory(SMALL_VIT)
    current, past = torch.randn(2, 2, height * width, SMALL_VIT.width)  # each (B, n, C)
    found = tdm.look_up(current, tdm.pyramid(past, height, width), height, width)
    for batch in range(2):
        maps = [t[batch].T.reshape(-1, height, width).double().numpy() for t in (current, past)]
        expected = brute_force(*maps, levels=tdm.pyramid_levels, radius=tdm.radius)
        np.testing.assert_allclose(
            found[batch].reshape(height, width, -1).numpy(), expected, rtol=1e-4, atol=1e-5
        )


@torch.no_grad()
def test_a_shifted_image_correlates_most_where_it_went() -> None:
    torch.manual_seed(0)
    tdm = TransientDynamicsMemory(SMALL_VIT)
    past = torch.nn.functional.normalize(torch.randn(1, 32, 8, 8), dim=1)
    current = past.roll(1, dims=3)  # everything moved one patch to the right
    tokens = [m.flatten(2).transpose(1, 2) for m in (current, past)]
    window = tdm.look_up(tokens[0], tdm.pyramid(tokens[1], 8, 8), 8, 8)[..., :9]
    inner = window.reshape(8, 8, 9)[1:-1, 2:-1]
    dy, dx = divmod(int(inner.mean((0, 1)).argmax()), 3)
    assert (dy - 1, dx - 1) == (0, -1)


def test_one_set_of_motion_tokens_per_remembered_frame() -> None:
    tdm = TransientDynamicsMemory(SMALL_VIT)
    tokens = torch.randn(2, 12, SMALL_VIT.width)
    frame = tdm.pyramid(tokens, 3, 4)
    assert tdm(tokens, [], 3, 4).shape == (2, 0, SMALL_VIT.width)
    assert tdm(tokens, [frame, frame], 3, 4).shape == (2, 24, SMALL_VIT.width)
