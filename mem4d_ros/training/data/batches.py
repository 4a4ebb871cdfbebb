"""From stored sequences to batches with truth: cutting, mirroring, reversing, colour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
import torch
from torch import Tensor

from mem4d_ros.geometry import intrinsics_to_fov, rigid_inverse, transform_points, unproject
from mem4d_ros.training.config import StageConfig
from mem4d_ros.training.data.sequences import SequencePool, StoredSequence
from mem4d_ros.training.losses import Truth


@dataclass(frozen=True)
class Batch:
    """Images (B, T, 3, H, W) in [0, 1] and what they show."""

    images: Tensor
    truth: Truth


@dataclass(frozen=True)
class BatchKey:
    """What a batch is drawn from: the same key, the same batch.

    The processes of one step differ in their sequences, not in how long they are, so that none
    waits for another.
    """

    seed: int
    step: int
    rank: int = 0

    def shared(self) -> np.random.Generator:
        """The chance that all processes share."""
        return np.random.default_rng((self.seed, self.step))

    def own(self) -> np.random.Generator:
        """The chance of this process."""
        return np.random.default_rng((self.seed, self.step, 1 + self.rank))


def training_batch(
    pool: SequencePool, stage: StageConfig, key: BatchKey, device: torch.device
) -> Batch:
    """A random batch on `device`."""
    frames = int(key.shared().integers(stage.frames[0], stage.frames[1], endpoint=True))
    rng = key.own()
    samples = []
    for index in rng.integers(len(pool), size=stage.batch):
        sequence = cut(pool[int(index)], frames, rng).to(device)
        samples.append(to_sample(mirrored_at_random(sequence, rng)))
    batch = collate(samples)
    return replace(batch, images=vary_colours(batch.images, rng))


def cut(sequence: StoredSequence, frames: int, rng: np.random.Generator) -> StoredSequence:
    """A run of `frames` at a random pace, forwards or backwards in time."""
    length = len(sequence.images)
    fastest = max(1, (length - 1) // max(1, frames - 1))
    pace = int(rng.integers(1, fastest, endpoint=True))
    span = (frames - 1) * pace + 1
    start = int(rng.integers(0, length - span, endpoint=True))
    chosen = torch.arange(start, start + span, pace)
    return sequence.frames(chosen if rng.random() < 0.5 else chosen.flip(0))


def mirrored_at_random(sequence: StoredSequence, rng: np.random.Generator) -> StoredSequence:
    """Half of the sequences as they are, half of them seen in a mirror."""
    return sequence if rng.random() < 0.5 else mirrored(sequence)


def mirrored(sequence: StoredSequence) -> StoredSequence:
    """The scene with left and right exchanged; its cameras move accordingly."""
    mirror = sequence.camera_to_world.new_tensor([-1.0, 1.0, 1.0, 1.0])
    intrinsics = sequence.intrinsics.clone()
    intrinsics[0, 2] = sequence.images.shape[-1] - 1 - intrinsics[0, 2]
    return StoredSequence(
        images=sequence.images.flip(-1),
        depth=sequence.depth.flip(-1),
        camera_to_world=mirror[:, None] * sequence.camera_to_world * mirror,
        intrinsics=intrinsics,
        moving=sequence.moving.flip(-1),
    )


def vary_colours(images: Tensor, rng: np.random.Generator) -> Tensor:
    """Images (B, T, 3, H, W) in [0, 1] as other cameras would take them.

    Each sequence gets its own gamma, exposure and white balance; one in ten is grey.
    """
    batch = len(images)
    gamma = np.exp(rng.normal(0, 0.15, (batch, 1)))
    gain = np.exp(rng.normal(0, 0.08, (batch, 3)) + rng.normal(0, 0.15, (batch, 1)))
    is_grey = rng.random((batch, 1)) < 0.1

    def each(values: np.ndarray) -> Tensor:
        """(B, c) to (B, 1, c, 1, 1)."""
        return torch.as_tensor(values).to(images)[:, None, :, None, None]

    varied = (images.pow(each(gamma)) * each(gain)).clamp(0, 1)
    return torch.where(each(is_grey) > 0, varied.mean(dim=2, keepdim=True), varied)


def to_sample(sequence: StoredSequence) -> Batch:
    """One sequence as a batch of one; its first camera becomes the world."""
    depth = sequence.depth.float()  # (T, H, W)
    length, height, width = depth.shape
    intrinsics = sequence.intrinsics.expand(length, 3, 3)
    poses = rigid_inverse(sequence.camera_to_world[:1]) @ sequence.camera_to_world  # (T, 4, 4)
    points_camera = unproject(depth, intrinsics)  # (T, H, W, 3)
    truth = Truth(
        points_world=transform_points(poses, points_camera)[None],
        points_camera=points_camera[None],
        valid=depth.isfinite()[None],
        camera_to_world=poses[None],
        field_of_view=intrinsics_to_fov(intrinsics, height, width)[None],
    )
    return Batch(sequence.images.float()[None] / 255, truth)


def collate(samples: Sequence[Batch]) -> Batch:
    """Samples of equal shape side by side."""
    truths = [sample.truth for sample in samples]
    joined = {f.name: torch.cat([getattr(t, f.name) for t in truths]) for f in fields(Truth)}
    return Batch(torch.cat([sample.images for sample in samples]), Truth(**joined))
