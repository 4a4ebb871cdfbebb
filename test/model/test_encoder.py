"""Encoders against their definition."""

from __future__ import annotations

import pytest
import torch
from small_networks import SMALL_CONVOLUTIONAL

from mem4d_ros.model.config import ViTConfig
from mem4d_ros.model.efficientnet_lite import SameConv2d
from mem4d_ros.model.encoder import ViT, build_encoder


@pytest.mark.parametrize("size", [7, 8, 9, 16])
@pytest.mark.parametrize(("kernel", "stride"), [(3, 1), (3, 2), (5, 1), (5, 2), (1, 1)])
@torch.no_grad()
def test_same_padding_puts_the_odd_pixel_at_the_end(size: int, kernel: int, stride: int) -> None:
    conv = SameConv2d(1, 1, kernel, stride=stride)
    conv.weight.fill_(1)
    conv.bias.zero_()
    x = torch.arange(1.0, size + 1).repeat(size, 1)[None, None]
    out = conv(x)
    expected_size = -(-size // stride)
    assert out.shape[-2:] == (expected_size, expected_size)
    before = max((expected_size - 1) * stride + kernel - size, 0) // 2
    columns = range(-before, -before + kernel)
    rows = sum(0 <= r < size for r in columns)
    assert out[0, 0, 0, 0] == rows * sum(c + 1 for c in columns if 0 <= c < size)


@pytest.mark.parametrize("size", [(48, 64), (80, 48), (16, 16)])
def test_one_token_a_patch(size: tuple[int, int]) -> None:
    for config in (ViTConfig(width=32, depth=1, heads=2), SMALL_CONVOLUTIONAL.encoder):
        encoder = build_encoder(config, 16)
        features = encoder(torch.rand(2, 3, *size))
        assert features.tokens.shape == (2, size[0] * size[1] // 256, encoder.width)
        assert features.pyramid.keys() == encoder.pyramid_channels.keys()
        for stride, level in features.pyramid.items():
            channels = encoder.pyramid_channels[stride]
            assert level.shape == (2, channels, size[0] // stride, size[1] // stride)


@torch.no_grad()
def test_a_vit_block_sees_places_only_relatively() -> None:
    """Two equal patches with equal surroundings get equal tokens wherever they lie."""
    torch.manual_seed(0)
    vit = ViT(ViTConfig(width=32, depth=2, heads=2), 16)
    tokens = vit(torch.full((1, 3, 48, 64), 0.3)).tokens
    torch.testing.assert_close(tokens, tokens[:, :1].expand_as(tokens))


def test_a_patch_size_that_the_trunk_does_not_have_is_refused() -> None:
    with pytest.raises(ValueError, match="does not fit strides"):
        build_encoder(SMALL_CONVOLUTIONAL.encoder, 14)
