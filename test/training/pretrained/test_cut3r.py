"""CUT3R's encoder stays the same function under our names."""

from __future__ import annotations

import cut3r_encoder
import pytest
import torch
from cut3r_encoder import Weights, random_encoder
from hypothesis import given, settings
from hypothesis import strategies as st

from mem4d_ros.model.config import ViTConfig
from mem4d_ros.model.encoder import ViT
from mem4d_ros.training.pretrained.cut3r import ConvertedEncoder, Cut3rError, convert_encoder

OTHERS = {
    "enc_blocks_ray_map.0.norm1.weight": torch.zeros(3),
    "patch_embed_ray_map.proj.weight": torch.zeros(3),
    "dec_blocks.0.norm1.weight": torch.zeros(3),
    "mask_token": torch.zeros(3),
}


def our_features(converted: ConvertedEncoder, image: torch.Tensor) -> torch.Tensor:
    vit = ViT(converted.config, converted.patch_size)
    vit.load_state_dict(dict(converted.weights))
    with torch.inference_mode():
        return vit(image[None]).tokens[0]


@settings(max_examples=12, deadline=None)
@given(
    heads=st.integers(1, 3),
    depth=st.integers(1, 3),
    ratio=st.integers(1, 4),
    grid=st.tuples(st.integers(1, 5), st.integers(1, 5)),
    seed=st.integers(0, 1000),
)
def test_features_are_those_of_cut3r(
    heads: int, depth: int, ratio: int, grid: tuple[int, int], seed: int
) -> None:
    torch.manual_seed(seed)
    weights = random_encoder(64 * heads, depth, 64 * heads * ratio, patch=8)
    image = torch.rand(3, 8 * grid[0], 8 * grid[1])
    converted = convert_encoder(weights)
    assert converted.config == ViTConfig(64 * heads, depth, heads, ratio, 100.0)
    expected = cut3r_encoder.features(weights, image)
    assert torch.allclose(our_features(converted, image), expected, atol=2e-4)


def test_the_order_of_channels_matters() -> None:
    """The comparison would notice weights that were only renamed."""
    torch.manual_seed(0)
    weights = random_encoder(64, 1, 64)
    image = torch.rand(3, 48, 64)
    moved = dict(weights)
    for kind in ("weight", "bias"):
        query, key, value = weights[f"enc_blocks.0.attn.qkv.{kind}"].chunk(3)
        swapped = [
            rows.reshape(2, 2, 16, -1).transpose(0, 1).flatten(0, 2) for rows in (query, key)
        ]
        moved[f"enc_blocks.0.attn.qkv.{kind}"] = torch.cat(
            [rows.reshape(like.shape) for rows, like in zip(swapped, (query, key), strict=True)]
            + [value]
        )
    expected = cut3r_encoder.features(weights, image)
    assert not torch.allclose(our_features(convert_encoder(moved), image), expected, atol=1e-2)


def test_taken_and_left_are_all_there_is() -> None:
    encoder = random_encoder(64, 2, 128)
    converted = convert_encoder({f"module.{k}": v for k, v in {**OTHERS, **encoder}.items()})
    assert set(converted.taken) == set(encoder)
    assert set(converted.left) == set(OTHERS)
    parameters = sum(tensor.numel() for tensor in encoder.values())
    assert sum(weight.numel() for weight in converted.weights.values()) == parameters


def without(name: str) -> Weights:
    weights = random_encoder(64, 2, 128)
    del weights[name]
    return weights


def with_tensor(name: str, tensor: torch.Tensor) -> Weights:
    return {**random_encoder(64, 2, 128), name: tensor}


@pytest.mark.parametrize(
    ("tensors", "message"),
    [
        (OTHERS, r"holds no patch_embed\.proj\.weight"),
        (without("enc_blocks.0.mlp.fc1.weight"), r"holds no enc_blocks\.0\.mlp\.fc1\.weight"),
        (
            without("enc_blocks.1.attn.qkv.bias"),
            r"enc_blocks\.1\.attn\.qkv\.bias expected \(192,\), found nothing",
        ),
        (without("enc_norm.weight"), r"enc_norm\.weight expected \(64,\), found nothing"),
        (
            with_tensor("enc_blocks.1.mlp.fc2.weight", torch.zeros(64, 64)),
            r"fc2\.weight expected \(64, 128\), found \(64, 64\)",
        ),
        (
            with_tensor("enc_blocks.3.norm1.weight", torch.zeros(64)),
            r"enc_blocks\.2\.attn\.proj\.bias expected \(64,\), found nothing.* and \d+ more",
        ),
        (
            with_tensor("enc_blocks.0.ls1.gamma", torch.zeros(64)),
            r"enc_blocks\.0\.ls1\.gamma expected nothing, found \(64,\)",
        ),
        (
            with_tensor("enc_blocks.0.norm1.bias", torch.full((64,), torch.nan)),
            r"enc_blocks\.0\.norm1\.bias is not finite",
        ),
        (random_encoder(96, 1, 96), "width 96 is not a multiple of 64"),
    ],
)
def test_another_encoder_is_refused_by_name(tensors: Weights, message: str) -> None:
    with pytest.raises(Cut3rError, match=message):
        convert_encoder(tensors)
