"""The reconstructor that the settings ask for."""

from dataclasses import dataclass, replace

import numpy as np
import torch
from rclpy.logging import get_logger

from mem4d_ros.model import PRESETS, Mem4D, Mem4DConfig, MemorySizes
from mem4d_ros.model.checkpoint import load_checkpoint
from mem4d_ros.model.weights import packaged_weights
from mem4d_ros.ros.interface.settings import ModelSettings, Settings
from mem4d_ros.runtime import (
    OnlineReconstructor,
    compile_parts,
    make_pose_source,
    prepare,
    select_device,
    select_precision,
)

RANDOM_WEIGHTS = "random"
"""As model.checkpoint: weights that were never trained."""

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
    memory: MemorySizes  # that the network was made for


def load_model(settings: Settings) -> LoadedModel:
    """Build or read the network, put it on its device and run it once.

    Raises DeviceUnavailable, CheckpointError, NonFiniteOutput and torch's OutOfMemoryError.
    """
    if settings.model.threads:
        torch.set_num_threads(settings.model.threads)
    device = select_device(settings.model.device)
    precision = select_precision(settings.model.precision, device)
    checkpoint = _checkpoint_of(settings.model)
    network = prepare(_network(settings.model, checkpoint), device, precision)
    if settings.model.compile:
        compile_parts(network, get_logger("mem4d").warning)
    image_size = settings.model.image_size or network.config.image_size
    source = make_pose_source(settings.pose.source, default=network.config.pose_source)
    reconstructor = OnlineReconstructor(
        network,
        image_size,
        settings.memory.sizes(network.config.memory),
        device,
        precision,
        source,
        settings.memory.keyframes(),
    )
    _warm_up(reconstructor, image_size)
    return LoadedModel(
        reconstructor,
        preset=_preset_of(network.config),
        checkpoint=checkpoint,
        device=str(device),
        precision=_PRECISION_NAMES[precision],
        image_size=image_size,
        memory=network.config.memory,
    )


def _warm_up(reconstructor: OnlineReconstructor, image_size: int) -> None:
    """Take the first step, which is many times as slow as the next ones.

    The image is square: none needs more memory, so that a device too small for it is found out now.
    """
    grey = np.full((image_size, image_size, 3), 127, np.uint8)
    reconstructor.process(grey, stamp_ns=0)
    reconstructor.reset()


def _preset_of(config: Mem4DConfig) -> str:
    """The preset that the network was built as, wherever its poses are taken from; else empty."""
    return next(
        (
            name
            for name, preset in PRESETS.items()
            if replace(preset, pose_source=config.pose_source) == config
        ),
        "",
    )


def _checkpoint_of(settings: ModelSettings) -> str:
    """The file to read; empty for random weights."""
    if settings.checkpoint:
        return "" if settings.checkpoint == RANDOM_WEIGHTS else settings.checkpoint
    return str(packaged_weights(settings.preset) or "")


def _network(settings: ModelSettings, checkpoint: str) -> Mem4D:
    if checkpoint:
        return load_checkpoint(checkpoint)
    torch.manual_seed(settings.seed)
    return Mem4D(PRESETS[settings.preset])
