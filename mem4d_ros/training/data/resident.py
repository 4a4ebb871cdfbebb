"""Sequences that stay on the training device while others arrive.

What a batch is drawn from depends on what has arrived, and so on the clock: a run on such data is
not reproducible, unlike one on the pools of `training.pools`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from mem4d_ros.training.data.batches import draw_frames
from mem4d_ros.training.data.clips import Clips
from mem4d_ros.training.data.sequences import StoredSequence


class ResidentSequences:
    """A ring of frames of one size on one device; the oldest sequences leave for new ones."""

    def __init__(self, capacity: int, height: int, width: int, device: torch.device) -> None:
        """A ring of `capacity` frames."""
        self._capacity = capacity
        self._images = torch.empty(capacity, 3, height, width, dtype=torch.uint8, device=device)
        self._depth = torch.empty(capacity, height, width, dtype=torch.float16, device=device)
        self._moving = torch.empty(capacity, height, width, dtype=torch.bool, device=device)
        self._poses = torch.empty(capacity, 4, 4, device=device)
        self._intrinsics = torch.empty(capacity, 3, 3, device=device)
        self._next = 0
        self.spans: list[range] = []

    def add(self, sequence: StoredSequence) -> None:
        """Keep a sequence of this size.

        Raises ValueError for one of another size, or of more frames than the ring has.
        """
        count = len(sequence.images)
        if sequence.images.shape[1:] != self._images.shape[1:] or count > self._capacity:
            raise ValueError(
                f"a sequence of shape {tuple(sequence.images.shape)} does not fit a ring of "
                f"{tuple(self._images.shape)}"
            )
        start = self._next if self._next + count <= self._capacity else 0
        span = range(start, start + count)
        self.spans = [s for s in self.spans if s.stop <= span.start or s.start >= span.stop]
        self.spans.append(span)
        self._next = span.stop
        at = slice(span.start, span.stop)
        self._images[at].copy_(sequence.images, non_blocking=True)
        self._depth[at].copy_(sequence.depth, non_blocking=True)
        self._moving[at].copy_(sequence.moving, non_blocking=True)
        self._poses[at].copy_(sequence.camera_to_world, non_blocking=True)
        self._intrinsics[at].copy_(sequence.intrinsics, non_blocking=True)

    def draw(self, count: int, frames: int, fastest: int, rng: np.random.Generator) -> Clips:
        """Clips of the sequences that are long enough, every frame as often as any other.

        Raises ValueError if there is none.
        """
        spans = [span for span in self.spans if len(span) >= frames]
        if not spans:
            raise ValueError(f"no sequence has the {frames} frames of a clip")
        weights = np.array([len(span) for span in spans], float)
        chosen = rng.choice(len(spans), size=count, p=weights / weights.sum())
        index = np.stack(
            [spans[i].start + draw_frames(len(spans[i]), frames, fastest, rng) for i in chosen]
        )
        return self.clips(torch.from_numpy(index))

    def clips(self, index: Tensor) -> Clips:
        """The frames `index` (B, T), each row of one sequence."""
        device = self._images.device
        if device.type == "cuda":
            index = index.pin_memory().to(device, non_blocking=True)
        return Clips(
            images=self._images[index],
            depth=self._depth[index],
            camera_to_world=self._poses[index],
            intrinsics=self._intrinsics[index[:, 0]],
            moving=self._moving[index],
        )

    def __len__(self) -> int:
        """Frames that are held."""
        return sum(len(span) for span in self.spans)


class MixedSequences:
    """Several kinds of sequences, each with a fraction of all clips."""

    def __init__(
        self,
        kinds: Mapping[str, ResidentSequences],
        shares: Mapping[str, float],
        fastest: int,
        enough: int = 1,
    ) -> None:
        """The kinds may grow later.

        Args:
            fastest: the largest pace at which frames are left out.
            enough: minimum frames of a kind for its full fraction; with fewer it has less, so that
                the first ones to arrive are not learnt by heart.
        """
        self._kinds = kinds
        self._shares = shares
        self._fastest = fastest
        self._enough = enough

    def draw(self, count: int, frames: int, rng: np.random.Generator) -> Clips:
        """Clips of all kinds that have sequences as long; fractions are relative to these.

        Raises ValueError if there is none.
        """
        there = [
            name
            for name, kind in self._kinds.items()
            if any(len(span) >= frames for span in kind.spans) and self._shares.get(name, 0) > 0
        ]
        if not there:
            raise ValueError(f"no sequence has the {frames} frames of a clip")
        shares = np.array(
            [self._shares[name] * min(1, len(self._kinds[name]) / self._enough) for name in there]
        )
        counts = rng.multinomial(count, shares / shares.sum())
        return Clips.cat(
            [
                self._kinds[name].draw(int(n), frames, self._fastest, rng)
                for name, n in zip(there, counts, strict=True)
                if n
            ]
        )


def split(sequence: StoredSequence, held_out: float) -> tuple[StoredSequence, StoredSequence]:
    """A recording's beginning, to train on, and its last part, to measure on."""
    count = len(sequence.images)
    border = count - round(held_out * count)
    return sequence.frames(torch.arange(border)), sequence.frames(torch.arange(border, count))


def in_order(sequence: StoredSequence, frames: int, pace: int = 1) -> Sequence[StoredSequence]:
    """The sequence cut into as many runs of `frames` as it has, at this pace."""
    span = frames * pace
    return [
        sequence.frames(torch.arange(start, start + span, pace))
        for start in range(0, len(sequence.images) - span + 1, span)
    ]
