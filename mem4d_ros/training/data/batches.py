"""From stored sequences to batches with truth: cutting, varying, and evidence from truth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from mem4d_ros.model.evidence import Evidence
from mem4d_ros.training.config import StageConfig
from mem4d_ros.training.data.augmentation import augment
from mem4d_ros.training.data.chance import Chance
from mem4d_ros.training.data.clips import Clips, truth_of
from mem4d_ros.training.data.evidence import knows_intrinsics, simulate
from mem4d_ros.training.data.sequences import SequencePool, StoredSequence
from mem4d_ros.training.data_config import DataConfig
from mem4d_ros.training.losses import Truth
from mem4d_ros.training.variation import SimulatedEvidence


@dataclass(frozen=True)
class Batch:
    """Images (B, T, 3, H, W) in [0, 1], what they show, and what is known of them."""

    images: Tensor
    truth: Truth
    evidence: Evidence | None = None


@dataclass(frozen=True)
class BatchKey:
    """Seed of a batch: the same key, the same batch.

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


class ClipSource(Protocol):
    """Source of clips."""

    @property
    def corrupt(self) -> int:
        """Number of corrupt samples so far; they were named, and made again or skipped."""

    def draw(self, count: int, frames: int, rng: np.random.Generator) -> Clips:
        """`count` clips of `frames` frames each, on the device that trains."""


class PooledClips:
    """Clips of a pool's sequences: the same chance, the same clips."""

    def __init__(self, pool: SequencePool, device: torch.device) -> None:
        self._pool = pool
        self._device = device

    @property
    def corrupt(self) -> int:
        """Number of sequences that were made again or skipped."""
        return self._pool.corrupt

    def draw(self, count: int, frames: int, rng: np.random.Generator) -> Clips:
        """Raises CorruptSequence if there is no other."""
        chosen = rng.integers(len(self._pool), size=count)
        cuts = [cut(self._pool[int(index)], frames, rng).to(self._device) for index in chosen]
        return Clips.cat([as_clip(sequence) for sequence in cuts])


def training_batch(
    source: ClipSource,
    stage: StageConfig,
    key: BatchKey,
    data: DataConfig,
    evidence: SimulatedEvidence | None,
) -> Batch:
    """A random batch on the source's device, of the size of `data`."""
    frames = int(key.shared().integers(stage.frames[0], stage.frames[1], endpoint=True))
    rng = key.own()
    clips = source.draw(stage.batch, frames, rng)
    chance = Chance(int(rng.integers(2**62)), clips.images.device)
    return varied_batch(clips, data, evidence, chance)


def varied_batch(
    clips: Clips, data: DataConfig, evidence: SimulatedEvidence | None, chance: Chance
) -> Batch:
    """The clips as another camera would have taken them, with evidence if `evidence` says how."""
    known = knows_intrinsics(len(clips.images), evidence or SimulatedEvidence(), chance)
    clips = augment(clips, (data.height, data.width), ~known, data.augmentation, chance)
    simulated = simulate(clips, known, evidence, chance) if evidence else None
    return Batch(clips.images, truth_of(clips), simulated)


def draw_frames(length: int, frames: int, fastest: int, rng: np.random.Generator) -> np.ndarray:
    """A run of `frames` of `length` at a random pace, forwards or backwards in time: indices."""
    fastest = max(1, min(fastest, (length - 1) // max(1, frames - 1)))
    pace = int(rng.integers(1, fastest, endpoint=True))
    span = (frames - 1) * pace + 1
    start = int(rng.integers(0, length - span, endpoint=True))
    chosen = np.arange(start, start + span, pace)
    return chosen if rng.random() < 0.5 else chosen[::-1]


def cut(sequence: StoredSequence, frames: int, rng: np.random.Generator) -> StoredSequence:
    """A run of `frames` at a random pace, forwards or backwards in time."""
    length = len(sequence.images)
    chosen = draw_frames(length, frames, length, rng)
    return sequence.frames(torch.from_numpy(chosen.copy()))


def as_clip(sequence: StoredSequence) -> Clips:
    """A sequence as a batch of one."""
    return Clips(*(value[None] for value in vars(sequence).values()))
