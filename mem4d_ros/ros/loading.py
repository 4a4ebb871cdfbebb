"""The reconstructor that the settings ask for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from rclpy.logging import get_logger

from mem4d_ros.model import PRESETS, Mem4DConfig, MemorySizes
from mem4d_ros.ros.interface.settings import Settings
from mem4d_ros.runtime import OnlineReconstructor, compile_parts
from mem4d_ros.runtime.engines import use_engine
from mem4d_ros.runtime.loading import load_network

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

    Raises DeviceUnavailable, EngineUnavailable, CheckpointError, DepthPriorError, NonFiniteOutput
    and torch's OutOfMemoryError.
    """
    if settings.model.threads:
        torch.set_num_threads(settings.model.threads)
    network = load_network(
        settings.model.checkpoint,
        settings.model.preset,
        settings.model.device,
        settings.model.precision,
        settings.model.seed,
    )
    if settings.model.compile:
        compile_parts(network.model, get_logger("mem4d").warning)
    use_engine(
        settings.model.engine,
        network.model,
        network.precision,
        get_logger("mem4d").info,
        Path(settings.model.engine_folder) if settings.model.engine_folder else None,
    )
    config = network.model.config
    image_size = settings.model.image_size or config.image_size
    reconstructor = network.reconstructor(
        settings.pose.source,
        settings.model.image_size or None,
        settings.memory.sizes(config.memory),
        settings.memory.keyframes(),
        live=True,
        depth_prior=Path(settings.depth.prior) if settings.depth.prior else None,
    )
    _warm_up(reconstructor, image_size)
    return LoadedModel(
        reconstructor,
        preset=_preset_of(config),
        checkpoint=str(network.checkpoint or ""),
        device=str(network.device),
        precision=_PRECISION_NAMES[network.precision],
        image_size=image_size,
        memory=config.memory,
    )


def _warm_up(reconstructor: OnlineReconstructor, image_size: int) -> None:
    """Take the first step, which is many times as slow as the next ones.

    The image is square: none needs more memory, so that a device too small for it is found out now.
    """
    grey = np.full((image_size, image_size, 3), 127, np.uint8)
    reconstructor.process(grey, stamp_ns=0)
    reconstructor.reset()


def _preset_of(config: Mem4DConfig) -> str:
    """The preset that the network was built as; else empty."""
    return next((name for name, preset in PRESETS.items() if preset == config), "")
