"""A network made ready to run: where it will, its weights rounded and laid out once."""

from __future__ import annotations

import torch
from torch import nn

from mem4d_ros.model import Mem4D

_MATRIX_LAYERS = (nn.Linear, nn.modules.conv._ConvNd)
"""Layers that autocast runs in the reduced precision."""


def prepare(model: Mem4D, device: torch.device, precision: torch.dtype) -> Mem4D:
    """Put the model on its device for use under autocast in `precision`; it is changed in place.

    Autocast would round the weights of every layer at every step; here it finds them rounded, with
    the same results. What must stay exact (`Mem4D.unrounded_layers`) stays so. Convolutions get the
    channels-last layout, in which the tokens already lie.
    """
    model = model.to(device).eval()
    exact = set(model.unrounded_layers())
    for layer in model.modules():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
            layer.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        if isinstance(layer, _MATRIX_LAYERS) and layer not in exact:
            layer.to(precision)
    return model
