"""The image encoder of CUT3R's public checkpoint (arXiv 2501.12387) as weights of our `ViT`.

Both are the same function in another layout. CUT3R projects queries, keys and values at once, and
rotates the two halves of each head apart: the first by rows, the second by columns, either by
pairing channel i with channel i + 16. Ours pairs channel i of the whole head with channel i + 32
(:mod:`mem4d_ros.model.rope`), so the channels of queries and keys change places. Their dot
products, and with them all features, stay the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from mem4d_ros.model.config import ViTConfig

HEAD_DIM = 64
"""Channels of each head, which no tensor's shape tells."""
ROPE_BASE = 100.0
_IN_BLOCK = re.compile(r"enc_blocks\.(\d+)\.")
PREFIXES = ("patch_embed.", "enc_blocks.", "enc_norm.")
_RENAMED_IN_BLOCK = {
    "norm1": "attention_norm",
    "attn.proj": "attention.output",
    "norm2": "mlp_norm",
    "mlp.fc1": "mlp.0",
    "mlp.fc2": "mlp.2",
}
_SHOWN_KEYS = 5


class Cut3rError(ValueError):
    """A checkpoint does not hold CUT3R's encoder; the message says what differs."""


@dataclass(frozen=True)
class ConvertedEncoder:
    """CUT3R's encoder under this project's names.

    Attributes:
        weights: state dict of `ViT(config, patch_size)`, float32.
        taken: names of the checkpoint's tensors that it is made of.
        left: names of the checkpoint's other tensors.
    """

    config: ViTConfig
    patch_size: int
    weights: Mapping[str, Tensor]
    taken: tuple[str, ...]
    left: tuple[str, ...]


def convert_encoder(tensors: Mapping[str, Tensor]) -> ConvertedEncoder:
    """The encoder among all tensors of a CUT3R model; sizes are read from their shapes.

    Raises:
        Cut3rError: a tensor of the encoder is missing, has another shape, is not finite, or is not
            known, so that leaving it out would make another function.
    """
    tensors = {name.removeprefix("module."): tensor for name, tensor in tensors.items()}
    patches = _shaped(tensors, "patch_embed.proj.weight", dimensions=4)
    hidden = len(_shaped(tensors, "enc_blocks.0.mlp.fc1.weight", dimensions=2))
    width, patch_size = patches.shape[0], patches.shape[-1]
    if width % HEAD_DIM:
        raise Cut3rError(f"its width {width} is not a multiple of {HEAD_DIM}, CUT3R's head size")
    depth = 1 + max(int(match[1]) for name in tensors if (match := _IN_BLOCK.match(name)))
    taken = {name: tensor for name, tensor in tensors.items() if name.startswith(PREFIXES)}
    _require(taken, _expected_shapes(width, hidden, depth, patch_size))
    weights = _renamed("patch_embed.proj", "patch_embedding", taken)
    weights |= _renamed("enc_norm", "norm", taken)
    for index in range(depth):
        weights |= _converted_block(f"enc_blocks.{index}", f"blocks.{index}", taken)
    return ConvertedEncoder(
        ViTConfig(width, depth, width // HEAD_DIM, hidden / width, ROPE_BASE),
        patch_size,
        {name: weight.float().contiguous() for name, weight in weights.items()},
        tuple(taken),
        tuple(name for name in tensors if name not in taken),
    )


def _shaped(tensors: Mapping[str, Tensor], name: str, dimensions: int) -> Tensor:
    """The tensor of this name, which tells a size."""
    if name not in tensors or tensors[name].ndim != dimensions:
        raise Cut3rError(
            f"it holds no {name} of {dimensions} dimensions, so it is not a checkpoint of CUT3R"
        )
    return tensors[name]


def _expected_shapes(
    width: int, hidden: int, depth: int, patch_size: int
) -> dict[str, tuple[int, ...]]:
    layers: dict[str, tuple[int, ...]] = {
        "patch_embed.proj": (width, 3, patch_size, patch_size),
        "enc_norm": (width,),
    }
    for index in range(depth):
        block = f"enc_blocks.{index}"
        layers |= {
            f"{block}.norm1": (width,),
            f"{block}.attn.qkv": (3 * width, width),
            f"{block}.attn.proj": (width, width),
            f"{block}.norm2": (width,),
            f"{block}.mlp.fc1": (hidden, width),
            f"{block}.mlp.fc2": (width, hidden),
        }
    weights = {f"{name}.weight": shape for name, shape in layers.items()}
    return weights | {f"{name}.bias": shape[:1] for name, shape in layers.items()}


def _require(found: Mapping[str, Tensor], expected: Mapping[str, tuple[int, ...]]) -> None:
    """Exactly the expected tensors, and finite."""
    shapes = {name: tuple(tensor.shape) for name, tensor in found.items()}
    problems = [
        f"{name} expected {expected.get(name, 'nothing')}, found {shapes.get(name, 'nothing')}"
        for name in sorted(expected.keys() | shapes.keys())
        if expected.get(name) != shapes.get(name)
    ]
    problems = problems or [
        f"{name} is not finite" for name, tensor in found.items() if not tensor.isfinite().all()
    ]
    if problems:
        more = f" and {len(problems) - _SHOWN_KEYS} more" if len(problems) > _SHOWN_KEYS else ""
        raise Cut3rError(
            f"its encoder is not the one known: {'; '.join(problems[:_SHOWN_KEYS])}{more}"
        )


def _renamed(old: str, new: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {f"{new}.{kind}": tensors[f"{old}.{kind}"] for kind in ("weight", "bias")}


def _converted_block(old: str, new: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    block: dict[str, Tensor] = {}
    for old_layer, new_layer in _RENAMED_IN_BLOCK.items():
        block |= _renamed(f"{old}.{old_layer}", f"{new}.{new_layer}", tensors)
    for kind in ("weight", "bias"):
        query, key, value = tensors[f"{old}.attn.qkv.{kind}"].chunk(3)
        order = _rotation_order(len(query))
        block[f"{new}.attention.query.{kind}"] = query[order]
        block[f"{new}.attention.key_value_projection.{kind}"] = torch.cat((key[order], value))
    return block


def _rotation_order(width: int) -> Tensor:
    """CUT3R's channel (width,) for each of our channels of queries and keys."""
    channels = torch.arange(width).reshape(-1, 2, 2, HEAD_DIM // 4)  # (heads, axis, half, 16)
    return channels.transpose(1, 2).flatten()  # (heads, half, axis, 16)
