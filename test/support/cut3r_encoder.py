"""CUT3R's encoder, written down from its description; and a random checkpoint of its layout."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

HEAD = 64
Weights = dict[str, Tensor]


def random_encoder(width: int, depth: int, hidden: int, patch: int = 16) -> Weights:
    """Weights so large that attention looks at some tokens more than at others."""
    shapes = {"patch_embed.proj": (width, 3, patch, patch), "enc_norm": (width,)}
    for i in range(depth):
        shapes |= {
            f"enc_blocks.{i}.norm1": (width,),
            f"enc_blocks.{i}.attn.qkv": (3 * width, width),
            f"enc_blocks.{i}.attn.proj": (width, width),
            f"enc_blocks.{i}.norm2": (width,),
            f"enc_blocks.{i}.mlp.fc1": (hidden, width),
            f"enc_blocks.{i}.mlp.fc2": (width, hidden),
        }
    weights = {}
    for name, shape in shapes.items():
        largest = 2.0 if len(shape) == 1 else 3 / math.sqrt(math.prod(shape[1:]))
        weights[f"{name}.weight"] = torch.empty(shape).uniform_(-largest, largest)
        weights[f"{name}.bias"] = torch.empty(shape[0]).uniform_(-0.4, 0.4)
    return weights


def features(weights: Weights, image: Tensor) -> Tensor:
    """Tokens (n, C) of an image (3, H, W) in [0, 1]."""

    def linear(name: str, x: Tensor) -> Tensor:
        return x @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]

    def norm(name: str, x: Tensor) -> Tensor:
        centred = x - x.mean(-1, keepdim=True)
        x = centred / (centred.square().mean(-1, keepdim=True) + 1e-6).sqrt()
        return x * weights[f"{name}.weight"] + weights[f"{name}.bias"]

    kernel = weights["patch_embed.proj.weight"]
    patch = kernel.shape[-1]
    rows, columns = image.shape[1] // patch, image.shape[2] // patch
    x = torch.stack(
        [
            ((2 * image - 1)[:, r : r + patch, c : c + patch] * kernel).sum((1, 2, 3))
            for r in range(0, rows * patch, patch)
            for c in range(0, columns * patch, patch)
        ]
    )
    x = x + weights["patch_embed.proj.bias"]
    places = torch.cartesian_prod(torch.arange(rows), torch.arange(columns))  # (n, 2): y, x
    depth = len([name for name in weights if name.endswith("attn.qkv.bias")])
    for i in range(depth):
        block = f"enc_blocks.{i}"
        qkv = linear(f"{block}.attn.qkv", norm(f"{block}.norm1", x))
        qkv = qkv.reshape(len(x), 3, -1, HEAD).permute(1, 2, 0, 3)  # (3, heads, n, 64)
        query, key, value = rotated(qkv[0], places), rotated(qkv[1], places), qkv[2]
        attention = (query @ key.transpose(1, 2) * HEAD**-0.5).softmax(-1)
        x = x + linear(f"{block}.attn.proj", (attention @ value).transpose(0, 1).flatten(1))
        inner = linear(f"{block}.mlp.fc1", norm(f"{block}.norm2", x))
        x = x + linear(f"{block}.mlp.fc2", F.gelu(inner))
    return norm("enc_norm", x)


def rotated(x: Tensor, places: Tensor) -> Tensor:
    """x (heads, n, 64): channels 0 to 31 turn with the row, 32 to 63 with the column.

    Of each 32, channels i and i + 16 are a complex number that turns by place / 100^(i / 16).
    """
    halves = []
    for axis, half in enumerate(x.split(32, dim=-1)):
        turn = places[:, axis, None] / 100 ** (torch.arange(16) / 16)  # (n, 16)
        number = torch.complex(half[..., :16], half[..., 16:]) * torch.polar(
            torch.ones_like(turn), turn
        )
        halves += [number.real, number.imag]
    return torch.cat(halves, dim=-1)
