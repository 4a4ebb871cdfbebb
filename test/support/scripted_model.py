"""A network that says what it is told to say, and notes what it was fed."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch

from mem4d_ros.geometry import fov_to_intrinsics, unproject
from mem4d_ros.model import FrameOutput, MemorySizes, MemoryState
from mem4d_ros.model.evidence import Evidence
from mem4d_ros.runtime import OnlineReconstructor

MEMORY = MemorySizes(2, 1, 4)
FIELD_OF_VIEW = torch.tensor([[1.2, 2 * math.atan(0.75 * math.tan(0.6))]])
"""Of square pixels at 4:3."""
IMAGE = np.random.default_rng(0).integers(0, 256, (480, 640, 3), np.uint8)
TURN = torch.tensor([[0.8, 0.0, 0.6, 0.0]])  # wxyz
SHIFT = torch.tensor([[1.0, -2.0, 3.0]])


class ScriptedModel:
    """Answers every image with a plane 2 m ahead, changed by `edit`; notes what it was fed."""

    takes_evidence = False

    def __init__(self, edit: Callable[[FrameOutput], None] = lambda output: None) -> None:
        self.edit = edit
        self.images: list[torch.Tensor] = []
        self.frame_indices: list[int] = []

    def initial_state(self, memory: MemorySizes | None = None) -> MemoryState:
        assert memory is not None
        return MemoryState(memory)

    def step(self, image: torch.Tensor, state: MemoryState) -> tuple[FrameOutput, MemoryState]:
        self.images.append(image)
        self.frame_indices.append(state.frame_index)
        height, width = image.shape[-2:]
        intrinsics = fov_to_intrinsics(FIELD_OF_VIEW, height, width)
        points = unproject(torch.full((1, height, width), 2.0), intrinsics)
        confidence = torch.full((1, height, width), 3.0)
        output = FrameOutput(
            points_world=points + SHIFT,
            confidence_world=confidence.clone(),
            points_camera=points,
            confidence_camera=confidence,
            quaternion=TURN.clone(),
            translation=SHIFT.clone(),
            field_of_view=FIELD_OF_VIEW.clone(),
            intrinsics=intrinsics,
        )
        self.edit(output)
        return output, replace(state, frame_index=state.frame_index + 1)


class EvidentModel(ScriptedModel):
    """One that takes evidence, and notes it."""

    takes_evidence = True

    def __init__(self) -> None:
        super().__init__()
        self.evidence: list[Evidence] = []

    def step(
        self, image: torch.Tensor, state: MemoryState, evidence: Evidence | None = None
    ) -> tuple[FrameOutput, MemoryState]:
        assert evidence is not None
        self.evidence.append(evidence)
        return super().step(image, state)


def reconstructor(model: ScriptedModel, image_size: int = 256) -> OnlineReconstructor:
    """One that runs it, with small memories."""
    return OnlineReconstructor(model, image_size, MEMORY)
