"""Sequences of made-up numbers whose truth is easy to say."""

from __future__ import annotations

import numpy as np
import torch
from scipy.spatial.transform import Rotation

from mem4d_ros.training.data.batches import as_clip
from mem4d_ros.training.data.clips import Clips
from mem4d_ros.training.data.sequences import StoredSequence

HEIGHT, WIDTH = 16, 32
UNKNOWN = (1, 2)
"""Row and column without depth."""


def make_sequence(frames: int, seed: int = 0) -> StoredSequence:
    """A camera on a walk, an off-centre principal point; each frame's first pixel is its number."""
    rng = np.random.default_rng(seed)
    poses = np.tile(np.eye(4), (frames, 1, 1))
    poses[:, :3, :3] = Rotation.from_rotvec(rng.normal(0, 0.2, (frames, 3))).as_matrix()
    poses[:, :3, 3] = rng.normal(size=(frames, 3))
    images = rng.integers(0, 256, (frames, 3, HEIGHT, WIDTH), dtype=np.uint8)
    images[:, 0, 0, 0] = np.arange(frames)
    depth = rng.uniform(1, 5, (frames, HEIGHT, WIDTH))
    depth[:, UNKNOWN[0], UNKNOWN[1]] = np.nan
    return StoredSequence(
        images=torch.tensor(images),
        depth=torch.tensor(depth, dtype=torch.float16),
        camera_to_world=torch.tensor(poses, dtype=torch.float32),
        intrinsics=torch.tensor([[27.0, 0, 14.1], [0, 28.0, 8.7], [0, 0, 1]]),
        moving=torch.tensor(rng.random((frames, HEIGHT, WIDTH)) < 0.5),
    )


def plane_clips(batch: int, frames: int, height: int, width: int, seed: int = 0) -> Clips:
    """Cameras that slide along a textured wall 3 m away; float images."""
    rng = np.random.default_rng(seed)
    poses = torch.eye(4).repeat(batch, frames, 1, 1)
    poses[:, :, 0, 3] = 0.1 * torch.arange(frames)
    intrinsics = torch.tensor(
        [[width, 0, (width - 1) / 2], [0, width, (height - 1) / 2], [0, 0, 1]]
    )
    return Clips(
        images=torch.tensor(rng.random((batch, frames, 3, height, width)), dtype=torch.float32),
        depth=torch.full((batch, frames, height, width), 3.0),
        camera_to_world=poses,
        intrinsics=intrinsics.repeat(batch, 1, 1),
        moving=torch.zeros(batch, frames, height, width, dtype=torch.bool),
    )


def make_clips(count: int, frames: int) -> Clips:
    """Several made-up sequences side by side."""
    return Clips.cat([as_clip(make_sequence(frames, seed)) for seed in range(count)])
