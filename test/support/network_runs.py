"""A network's outputs along a stream, and how far two of them are apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields

import torch

from mem4d_ros.model import FrameOutput, Mem4D
from mem4d_ros.model.checkpoint import load_checkpoint
from mem4d_ros.model.weights import packaged_weights

NAMES = tuple(field.name for field in fields(FrameOutput))


def trained_lite() -> Mem4D:
    """With random weights the pointmap would be all but a constant."""
    path = packaged_weights("lite")
    assert path is not None
    return load_checkpoint(path)


def run(model: Mem4D, images: Sequence[torch.Tensor], precision: torch.dtype) -> FrameOutput:
    """Step through images (B, 3, H, W), under autocast where the precision is reduced."""
    state, outputs = model.initial_state(), []
    reduced = precision != torch.float32
    device = images[0].device.type
    with torch.inference_mode(), torch.autocast(device, precision, enabled=reduced):
        for image in images:
            output, state = model.step(image, state)
            outputs.append(output)
    return FrameOutput.stack(outputs)


def difference(a: FrameOutput, b: FrameOutput, names: Sequence[str] = NAMES) -> float:
    """Largest RMS difference of any output, relative to its RMS; a translation to the scene's."""

    def rms(x: torch.Tensor) -> float:
        return float(x.square().mean().sqrt())

    size = {n: rms(getattr(b, "points_world" if n == "translation" else n)) for n in names}
    return max(rms(getattr(a, n) - getattr(b, n)) / size[n] for n in names)
