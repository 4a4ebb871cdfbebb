"""Time and memory of a step of each stage on a GPU, to choose batches by.

    python -m mem4d_ros.training.step_speed --config training/lite_gpu.yaml

The data are noise; evidence and augmentation are as the config says.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from mem4d_ros.runtime.device import select_device
from mem4d_ros.training.config import TrainingConfig
from mem4d_ros.training.data.clips import Clips
from mem4d_ros.training.trainer import Trainer


class NoiseClips:
    """Clips of noise, of the size that a live source keeps."""

    corrupt = 0

    def __init__(self, height: int, width: int, device: torch.device) -> None:
        self._size = (height, width)
        self._device = device

    def draw(self, count: int, frames: int, rng: np.random.Generator) -> Clips:
        """New memory each time, as from a real source."""
        del rng
        shape = (count, frames, *self._size)
        intrinsics = torch.eye(3, device=self._device).repeat(count, 1, 1)
        intrinsics[:, :2, :2] *= self._size[1]
        intrinsics[:, 0, 2], intrinsics[:, 1, 2] = self._size[1] / 2, self._size[0] / 2
        return Clips(
            images=torch.randint(
                256, (count, frames, 3, *self._size), dtype=torch.uint8, device=self._device
            ),
            depth=1 + 4 * torch.rand(shape, device=self._device),
            camera_to_world=torch.eye(4, device=self._device).repeat(count, frames, 1, 1),
            intrinsics=intrinsics,
            moving=torch.zeros(shape, dtype=torch.bool, device=self._device),
        )


def main(arguments: Sequence[str] | None = None) -> None:
    """Print a line a stage, first step by step, then with CUDA graphs."""
    parser = argparse.ArgumentParser(prog="step_speed", description=__doc__)
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--set", action="append", default=[], dest="changes")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--steps", type=int, default=10)
    options = parser.parse_args(arguments)
    device = select_device(options.device)
    config = TrainingConfig.load(options.config, options.changes)
    live = config.data.live
    size = (live.height, live.width) if live else (config.data.height, config.data.width)
    for graphs in (False, True):
        for stage in config.stages:
            one = replace(
                config,
                cuda_graphs=graphs,
                seconds=None,
                stages=(replace(stage, steps=3 + options.steps),),
            )
            try:
                print(describe(one, NoiseClips(*size, device), device, options.steps), flush=True)
            except RuntimeError as error:
                print(f"{stage} graphs {graphs}: {error}", flush=True)


def describe(config: TrainingConfig, source: NoiseClips, device: torch.device, steps: int) -> str:
    """The line of one stage."""
    on_gpu = device.type == "cuda"
    if on_gpu:
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
    with tempfile.TemporaryDirectory() as folder:
        precision = torch.bfloat16 if config.precision != "fp32" else torch.float32
        trainer = Trainer(config, Path(folder), source, device, precision)
        for _ in range(3):
            trainer.advance()
        started = _now(on_gpu)
        for _ in range(steps):
            trainer.advance()
        launched = time.perf_counter() - started
        seconds = (_now(on_gpu) - started) / steps
    (stage,) = config.stages
    frames = stage.batch * sum(stage.frames) / 2
    peak = torch.cuda.max_memory_reserved() / 2**30 if on_gpu else 0
    return (
        f"frames {stage.frames} batch {stage.batch} graphs {config.cuda_graphs}: "
        f"{seconds * 1e3:.0f} ms a step, the host is busy for {launched / steps * 1e3:.0f}; "
        f"{frames / seconds:.0f} frames/s, {peak:.1f} GiB"
    )


def _now(on_gpu: bool) -> float:
    if on_gpu:
        torch.cuda.synchronize()
    return time.perf_counter()


if __name__ == "__main__":
    main()
