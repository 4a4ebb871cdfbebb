"""A scene in closed form, a network that knows it by heart, and the scene as a recording."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from wall_model import moving

from mem4d_ros.datasets import Sample
from mem4d_ros.geometry import (
    intrinsics_to_fov,
    matrix_to_quaternion,
    pixel_rays,
    transform_points,
)
from mem4d_ros.model import FrameOutput, MemorySizes, MemoryState

WALLS_M = np.array([[-0.8, -0.6, -1.0], [0.9, 0.5, 3.0]])
"""Corners of the room, in the first camera's frame."""


@dataclass(frozen=True)
class Room:
    """An empty room seen by a camera that moves and turns; T frames of (H, W) pixels.

    Attributes:
        images: (T, H, W, 3) uint8, noise; depth: (T, H, W); points_camera, points_world:
            (T, H, W, 3); camera_to_world: (T, 4, 4); intrinsics: (3, 3).
    """

    images: np.ndarray
    depth: np.ndarray
    points_camera: np.ndarray
    points_world: np.ndarray
    camera_to_world: np.ndarray
    intrinsics: np.ndarray


def room(frames: int = 4, height: int = 48, width: int = 64) -> Room:
    """Rays from inside a box end where they first leave it."""
    focal, centre_x, centre_y = 0.9 * width, (width - 1) / 2, (height - 1) / 2
    intrinsics = np.array([[focal, 0, centre_x], [0, focal, centre_y], [0, 0, 1]])
    rays = pixel_rays(intrinsics, height, width)
    poses = np.stack([moving(t) for t in range(frames)])
    depth = np.stack([_to_walls(rays @ pose[:3, :3].T, pose[:3, 3]) for pose in poses])
    points_camera = rays * depth[..., None]
    return Room(
        images=np.random.default_rng(0).integers(0, 256, (frames, height, width, 3), np.uint8),
        depth=depth,
        points_camera=points_camera,
        points_world=np.stack(
            [
                transform_points(pose, points)
                for pose, points in zip(poses, points_camera, strict=True)
            ]
        ),
        camera_to_world=poses,
        intrinsics=intrinsics,
    )


def _to_walls(directions: np.ndarray, origin: np.ndarray) -> np.ndarray:
    """How many times a direction (..., 3) goes into the way to the room's walls."""
    ahead = (np.where(directions > 0, WALLS_M[1], WALLS_M[0]) - origin) / directions
    return ahead.min(axis=-1)


class Oracle:
    """Tells the truth about a room, in units of `scale` metres."""

    takes_evidence = False

    def __init__(self, truth: Room, scale: float = 1.0) -> None:
        self._truth = truth
        self._scale = scale

    def initial_state(self, memory: MemorySizes | None = None) -> MemoryState:
        return MemoryState(memory or MemorySizes())

    def step(self, image: torch.Tensor, state: MemoryState) -> tuple[FrameOutput, MemoryState]:
        t = state.frame_index
        pose = self._truth.camera_to_world[t]
        intrinsics = torch.tensor(self._truth.intrinsics[None])
        ones = torch.ones(1, *image.shape[-2:])
        output = FrameOutput(
            points_world=torch.tensor(self._truth.points_world[t][None]) * self._scale,
            confidence_world=ones,
            points_camera=torch.tensor(self._truth.points_camera[t][None]) * self._scale,
            confidence_camera=ones,
            quaternion=torch.tensor(matrix_to_quaternion(pose[None, :3, :3])),
            translation=torch.tensor(pose[None, :3, 3]) * self._scale,
            field_of_view=intrinsics_to_fov(intrinsics, *image.shape[-2:]),
            intrinsics=intrinsics,
        )
        return output, replace(state, frame_index=t + 1)


@dataclass(frozen=True)
class ListRecording:
    """Samples that are there already."""

    name: str
    samples: list[Sample]

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, index: int) -> Sample:
        return self.samples[index]

    def __iter__(self) -> Iterator[Sample]:
        return iter(self.samples)


def recording_of(truth: Room) -> ListRecording:
    """All that is known of a room."""
    samples = [
        Sample(
            name=f"frame {t}",
            image=truth.images[t],
            depth=truth.depth[t].astype(np.float32),
            camera_to_world=truth.camera_to_world[t],
            intrinsics=truth.intrinsics,
        )
        for t in range(len(truth.images))
    ]
    return ListRecording("room", samples)
