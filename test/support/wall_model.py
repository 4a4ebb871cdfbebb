"""A fake network whose world is known in closed form."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch

from mem4d_ros.geometry import (
    fov_to_intrinsics,
    matrix_to_quaternion,
    pixel_rays,
    transform_points,
)
from mem4d_ros.model import FrameOutput, MemorySizes, MemoryState

FIELD_OF_VIEW = np.array([1.2, 2 * np.arctan(0.75 * np.tan(0.6))])  # of square pixels at 4:3
WALL_M = 2.0


def moving(frame: int) -> np.ndarray:
    """Pose (4, 4) of a camera that moves forward and aside while it turns about all its axes."""
    yaw, pitch, roll = 0.1 * frame, 0.05 * frame, -0.03 * frame
    cy, sy, cp, sp, cr, sr = (
        f(angle) for angle in (yaw, pitch, roll) for f in (math.cos, math.sin)
    )
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    about_x = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
    about_z = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
    pose = np.eye(4)
    pose[:3, :3] = about_y @ about_x @ about_z
    pose[:3, 3] = 0.02 * frame, -0.01 * frame, 0.1 * frame
    return pose


class WallModel:
    """Sees a wall at z = 2 m of the world; the camera is at `poses(frame)` (4, 4).

    `before` runs ahead of every step; `edit` changes what it says.
    """

    takes_evidence = False

    def __init__(
        self,
        poses: Callable[[int], np.ndarray] = moving,
        edit: Callable[[FrameOutput], None] = lambda output: None,
        before: Callable[[], None] = lambda: None,
    ) -> None:
        self.poses = poses
        self.edit = edit
        self.before = before

    def initial_state(self, memory: MemorySizes | None = None) -> MemoryState:
        assert memory is not None
        return MemoryState(memory)

    def step(self, image: torch.Tensor, state: MemoryState) -> tuple[FrameOutput, MemoryState]:
        self.before()
        height, width = image.shape[-2:]
        pose = self.poses(state.frame_index)
        intrinsics = fov_to_intrinsics(FIELD_OF_VIEW, height, width)
        rays = pixel_rays(intrinsics, height, width)
        depth = (WALL_M - pose[2, 3]) / (rays @ pose[2, :3])
        points_camera = rays * depth[..., None]
        points_world = transform_points(pose, points_camera)
        confidence = torch.full((1, height, width), 3.0)
        output = FrameOutput(
            points_world=torch.tensor(points_world, dtype=torch.float32)[None],
            confidence_world=confidence.clone(),
            points_camera=torch.tensor(points_camera, dtype=torch.float32)[None],
            confidence_camera=confidence,
            quaternion=torch.tensor(matrix_to_quaternion(pose[:3, :3]))[None],
            translation=torch.tensor(pose[:3, 3])[None],
            field_of_view=torch.tensor(FIELD_OF_VIEW)[None],
            intrinsics=torch.tensor(intrinsics)[None],
        )
        self.edit(output)
        return output, replace(state, frame_index=state.frame_index + 1)
