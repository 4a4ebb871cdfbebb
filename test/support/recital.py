"""A network that recites the truth about a rendered sequence, whatever it is shown."""

from __future__ import annotations

from dataclasses import replace

import torch

from mem4d_ros.geometry import intrinsics_to_fov, matrix_to_quaternion
from mem4d_ros.model import FrameOutput, MemorySizes, MemoryState
from mem4d_ros.synthetic import SyntheticSequence


class Recital:
    """Frame t of a stream is frame t of the sequence, at the sequence's size."""

    takes_evidence = False

    def __init__(self, truth: SyntheticSequence) -> None:
        self._truth = truth

    def initial_state(self, memory: MemorySizes | None = None) -> MemoryState:
        return MemoryState(memory or MemorySizes())

    def step(self, image: torch.Tensor, state: MemoryState) -> tuple[FrameOutput, MemoryState]:
        truth, t = self._truth, state.frame_index
        height, width = image.shape[-2:]
        sure = torch.full((1, height, width), 3.0)
        pose = truth.camera_to_world[t].double()
        output = FrameOutput(
            points_world=truth.points_world[t][None].clone(),
            confidence_world=sure,
            points_camera=truth.points_camera[t][None].clone(),
            confidence_camera=sure.clone(),
            quaternion=matrix_to_quaternion(pose[:3, :3])[None],
            translation=pose[:3, 3][None],
            field_of_view=intrinsics_to_fov(truth.intrinsics[t].double(), height, width)[None],
            intrinsics=truth.intrinsics[t].double()[None],
        )
        return output, replace(state, frame_index=t + 1)
