"""The window of the TCA: which frames, how coarse, and what reaches the current tokens."""

from __future__ import annotations

import pytest
import torch
from small_networks import SMALL_VIT

from mem4d_ros.model.temporal_context import TemporalContextAggregator, pad_to_multiple


@pytest.fixture
def tca() -> TemporalContextAggregator:
    torch.manual_seed(0)
    return TemporalContextAggregator(SMALL_VIT).eval()


def test_the_stride_grows_with_distance(tca: TemporalContextAggregator) -> None:
    assert [2 ** tca.level(distance) for distance in range(1, 9)] == [1, 2, 2, 4, 4, 4, 4, 4]


def test_a_far_frame_becomes_fewer_tokens(tca: TemporalContextAggregator) -> None:
    features = torch.randn(2, SMALL_VIT.width, 6, 10)
    assert [tca.compress(features, level).shape[1] for level in range(3)] == [60, 15, 6]


def test_compression_is_a_convolution_over_whole_cells(tca: TemporalContextAggregator) -> None:
    features = torch.randn(1, SMALL_VIT.width, 4, 4)
    conv = tca.compressors[1]
    cell = features[0, :, 2:4, 0:2]
    expected = torch.einsum("ocij,cij->o", conv.weight, cell) + conv.bias
    torch.testing.assert_close(tca.compress(features, 1)[0, 2], expected, rtol=1e-4, atol=1e-5)


def test_every_frame_of_the_window_reaches_the_current_tokens(
    tca: TemporalContextAggregator,
) -> None:
    current = torch.randn(1, 24, SMALL_VIT.width)
    maps = torch.randn(5, 1, SMALL_VIT.width, 4, 6)
    past = [tca.compress(m, tca.level(i + 1)) for i, m in enumerate(maps)]
    reference = tca(current, past, 4, 6)
    assert reference.shape == current.shape
    for index in range(5):
        changed = [tokens.flip(-1) if i == index else tokens for i, tokens in enumerate(past)]
        assert not torch.allclose(tca(current, changed, 4, 6), reference, atol=1e-5)


def test_the_order_of_past_frames_matters(tca: TemporalContextAggregator) -> None:
    current = torch.randn(1, 24, SMALL_VIT.width)
    past = [tca.compress(torch.randn(1, SMALL_VIT.width, 4, 6), 1) for _ in range(3)]
    swapped = [past[0], past[2], past[1]]
    first = tca.compress(torch.randn(1, SMALL_VIT.width, 4, 6), 0)
    assert not torch.allclose(
        tca(current, [first, *past[1:]], 4, 6), tca(current, [first, *swapped[1:]], 4, 6)
    )


@pytest.mark.parametrize("shape", [(1, 3, 5, 7), (1, 3, 2, 5, 7)])
def test_padding_repeats_the_border(shape: tuple[int, ...]) -> None:
    x = torch.randn(shape)
    padded = pad_to_multiple(x, 4)
    assert padded.shape[-2:] == (8, 8)
    torch.testing.assert_close(padded[..., :5, :7], x)
    torch.testing.assert_close(padded[..., 7, :7], x[..., 4, :])
    torch.testing.assert_close(padded[..., :5, 7], x[..., :, 6])
