"""Held-out procedural scenes, as recordings that never have to be stored."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import numpy as np

from mem4d_ros.datasets.indexed import IndexedRecording
from mem4d_ros.datasets.sample import Sample
from mem4d_ros.synthetic import SyntheticSequence, render_sequence
from mem4d_ros.synthetic.seeds import HELD_OUT_SEED


class ProceduralScene(IndexedRecording):
    """The held-out scene number `index`, rendered when it is read."""

    def __init__(self, index: int, frames: int = 24, size: tuple[int, int] = (192, 256)) -> None:
        """`size` is (height, width) in pixels."""
        super().__init__(f"procedural-{index:03d}")
        self._seed = HELD_OUT_SEED + index
        self._frames = frames
        self._size = size

    def __len__(self) -> int:
        return self._frames

    def __iter__(self) -> Iterator[Sample]:
        """Renders anew: many scenes that are read through would fill the memory if kept."""
        sequence = self._render()
        return (self._sample(sequence, index) for index in range(self._frames))

    def _read(self, index: int) -> Sample:
        return self._sample(self._kept, index)

    @cached_property
    def _kept(self) -> SyntheticSequence:
        return self._render()

    def _render(self) -> SyntheticSequence:
        return render_sequence(self._seed, self._frames, *self._size)

    def _sample(self, sequence: SyntheticSequence, index: int) -> Sample:
        image = (sequence.images[index] * 255).round().byte().permute(1, 2, 0)
        return Sample(
            name=f"{self.name}/{index:03d}",
            image=np.ascontiguousarray(image.numpy()),
            depth=sequence.depth[index].float().numpy(),
            camera_to_world=sequence.camera_to_world[index].double().numpy(),
            intrinsics=sequence.intrinsics[index].double().numpy(),
            stamp_s=index / sequence.frame_rate,
            moving=sequence.moving[index].numpy(),
        )
