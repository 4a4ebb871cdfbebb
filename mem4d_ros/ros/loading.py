"""The reconstructor that the settings ask for."""

from dataclasses import dataclass

import torch

from mem4d_ros.model import PRESETS, Mem4D
from mem4d_ros.model.checkpoint import load_checkpoint
from mem4d_ros.ros.settings import ModelSettings, Settings
from mem4d_ros.runtime import OnlineReconstructor, select_device, select_precision

_PRECISION_NAMES = {torch.float32: "fp32", torch.bfloat16: "bf16", torch.float16: "fp16"}


@dataclass(frozen=True)
class LoadedModel:
    """A reconstructor and what is worth telling of it."""

    reconstructor: OnlineReconstructor
    preset: str  # empty: the checkpoint's network is none of the presets
    checkpoint: str  # empty: random weights
    device: str
    precision: str
    image_size: int


def load_model(settings: Settings) -> LoadedModel:
    """Build or read the network and put it on its device.

    Raises DeviceUnavailable and CheckpointError.
    """
    if settings.model.threads:
        torch.set_num_threads(settings.model.threads)
    device = select_device(settings.model.device)
    precision = select_precision(settings.model.precision, device)
    network = _network(settings.model).to(device).eval()
    image_size = settings.model.image_size or network.config.image_size
    preset = next((name for name, config in PRESETS.items() if config == network.config), "")
    return LoadedModel(
        OnlineReconstructor(network, image_size, settings.memory.sizes(), device, precision),
        preset=preset,
        checkpoint=settings.model.checkpoint,
        device=str(device),
        precision=_PRECISION_NAMES[precision],
        image_size=image_size,
    )


def _network(settings: ModelSettings) -> Mem4D:
    if settings.checkpoint:
        return load_checkpoint(settings.checkpoint)
    torch.manual_seed(settings.seed)
    return Mem4D(PRESETS[settings.preset])
