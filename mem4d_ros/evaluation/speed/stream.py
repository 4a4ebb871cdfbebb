"""A stream with every memory full, stepped as it is in use."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from mem4d_ros.evaluation.speed.stages import StageClock
from mem4d_ros.geometry import fov_to_intrinsics
from mem4d_ros.model import Mem4D, MemorySizes, MemoryState
from mem4d_ros.model.evidence import Evidence
from mem4d_ros.model.stages import observed_stages
from mem4d_ros.runtime.engines.graphs import kernel_by_kernel
from mem4d_ros.runtime.transfer import to_host, to_tensor

POINTS = 300
"""As many measured points as a tracker gives."""
FIELD_OF_VIEW = (1.0, 0.8)
"""Radians, of the camera that is told."""


@dataclass(frozen=True)
class Setting:
    """Object of measurement: a prepared network on images of one size.

    Attributes:
        precision: dtype of autocast; float32 runs without it.
        evidence: each frame comes with intrinsics, a pose and POINTS points, as in full use; the
            network takes evidence.
        by_torch: torch computes all of it, and no other engine.
    """

    model: Mem4D
    device: torch.device
    precision: torch.dtype
    height: int
    width: int
    memory: MemorySizes
    evidence: bool = False
    by_torch: bool = True


@contextmanager
def running(setting: Setting) -> Iterator[None]:
    """Inference in the setting's precision."""
    reduced = setting.precision != torch.float32
    with (
        torch.inference_mode(),
        torch.autocast(setting.device.type, setting.precision, enabled=reduced),
    ):
        yield


def filled_state(model: Mem4D, image: torch.Tensor, memory: MemorySizes) -> MemoryState:
    """A state of image's stream with every memory full.

    The window and the TDM are filled by real steps. The PSM, which would take as many steps as it
    has frames, is filled with random features through its own writing path: same sizes, same
    tokens, same work for the next step.
    """
    state = model.initial_state(memory)
    for _ in range(max(memory.tca_window, memory.tdm_size, 1)):
        _, state = model.step(image, state)
    structure, frame = state.structure, state.frame_index
    assert state.grid is not None
    features = image.new_empty(image.shape[0], model.config.width, *state.grid)
    # Past the capacity and past the age at which frames merge, the number of tokens is settled.
    settled = memory.psm_size + model.config.structure_memory.tiers[-1].older_than
    while frame < settled:
        structure = model.structure_memory.remember(
            structure,
            frame,
            features.normal_(),
            memory.psm_size,
            model.encode_group,
        )
        frame += 1
    return replace(state, structure=structure, frame_index=frame)


class FullStream:
    """A stream whose memories are full.

    A step takes a random image from the host, with evidence or without, and its results back:
    pointmaps, confidences, pose.
    """

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self._random = np.random.default_rng(0)
        with running(setting):
            image = to_tensor(self._image(), setting.device)
            self.state = filled_state(setting.model, image, setting.memory)

    def step(self, stages: StageClock | None = None) -> None:
        """One step; `stages` is told what passes outside the network."""
        stages = stages or StageClock(time.perf_counter)
        pixels, setting = self._image(), self.setting
        evidence = self.evidence() if setting.evidence else None
        with running(setting):
            with stages.stage("copy in"):
                image = to_tensor(pixels, setting.device)
                told = evidence and evidence.to(setting.device)
            output, self.state = setting.model.step(image, self.state, told)
            with stages.stage("copy out"):
                to_host(output)

    def time(self, clock: Callable[[], float]) -> float:
        """Seconds of `clock` that one step takes until its results are on the host."""
        self._synchronise()
        start = clock()
        self.step()
        self._synchronise()
        return clock() - start

    def stages(self, clock: Callable[[], float], frames: int) -> dict[str, float]:
        """Median seconds of each stage over `frames` steps."""
        measured = []
        for _ in range(frames):
            stages = StageClock(clock, self._synchronise)
            with observed_stages(stages.stage):
                self.step(stages)
            measured.append(stages.seconds)
        return {name: statistics.median(m.get(name, 0) for m in measured) for name in measured[0]}

    def flops(self) -> int | None:
        """Floating-point operations of one step; None: not all of them are torch's to count."""
        if not self.setting.by_torch:
            return None
        with kernel_by_kernel(self.setting.model), FlopCounterMode(display=False) as counter:
            self.step()
        return counter.get_total_flops()

    def _image(self) -> np.ndarray:
        size = (self.setting.height, self.setting.width, 3)
        return self._random.integers(0, 256, size, np.uint8)

    def evidence(self) -> Evidence:
        """Of one frame: POINTS points, seen by a camera at the origin, of a wall that goes away."""
        height, width = self.setting.height, self.setting.width
        depth = torch.zeros(height * width)
        chosen = torch.from_numpy(self._random.permutation(height * width)[:POINTS])
        depth[chosen] = 1 + 4 * (chosen % width) / width
        depth = depth.unflatten(0, (height, width))[None]  # (1, H, W)
        return Evidence(
            intrinsics=fov_to_intrinsics(torch.tensor([FIELD_OF_VIEW]), height, width),
            depth=depth,
            deviation=0.04 * depth,
            camera_to_world=torch.eye(4)[None],
        )

    def _synchronise(self) -> None:
        if self.setting.device.type == "cuda":
            torch.cuda.synchronize(self.setting.device)
