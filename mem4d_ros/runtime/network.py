"""A network on its device: an image and evidence in, what it says on the host out."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import torch

from mem4d_ros.model import FrameOutput, MemorySizes, MemoryState
from mem4d_ros.model.evidence import Evidence
from mem4d_ros.runtime.transfer import to_host, to_tensor


class FrameModel(Protocol):
    """What is asked of a network; `mem4d_ros.model.Mem4D` is one."""

    @property
    def takes_evidence(self) -> bool:
        """Whether `step` may be given evidence."""
        ...

    def initial_state(self, memory: MemorySizes | None = None) -> MemoryState: ...

    def step(
        self, image: torch.Tensor, state: MemoryState, evidence: Evidence | None = None
    ) -> tuple[FrameOutput, MemoryState]: ...


class Network:
    """Steps a network. `precision` is the dtype of autocast; float32 runs without it."""

    def __init__(self, model: FrameModel, device: torch.device, precision: torch.dtype) -> None:
        self._model = model
        self._device = device
        self._precision = precision

    @property
    def takes_evidence(self) -> bool:
        """Whether it can be told points and poses, and makes use of intrinsics."""
        return self._model.takes_evidence

    def initial_state(self, memory: MemorySizes) -> MemoryState:
        """Empty memories of these sizes."""
        return self._model.initial_state(memory)

    def step(
        self, image: np.ndarray, state: MemoryState, evidence: Evidence
    ) -> tuple[FrameOutput, MemoryState]:
        """What it says of its image (h, w, 3) uint8 RGB, on the host, and its memories after it."""
        reduced = self._precision != torch.float32
        tensor = to_tensor(image, self._device)
        told = (evidence.to(self._device),) if self.takes_evidence else ()
        with (
            torch.inference_mode(),
            torch.autocast(self._device.type, self._precision, enabled=reduced),
        ):
            output, after = self._model.step(tensor, state, *told)
        return to_host(output), after
