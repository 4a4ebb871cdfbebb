"""Held-out procedural scenes, as recordings that never have to be stored."""

from collections.abc import Iterator

import numpy as np

from mem4d_ros.datasets.sample import Sample
from mem4d_ros.synthetic import render_sequence
from mem4d_ros.synthetic.seeds import HELD_OUT_SEED


class ProceduralScene:
    """The held-out scene number `index`, rendered when it is read."""

    def __init__(self, index: int, frames: int = 24, size: tuple[int, int] = (192, 256)) -> None:
        """`size` is (height, width) in pixels."""
        self.name = f"procedural-{index:03d}"
        self._seed = HELD_OUT_SEED + index
        self._frames = frames
        self._size = size

    def __len__(self) -> int:
        return self._frames

    def __iter__(self) -> Iterator[Sample]:
        sequence = render_sequence(self._seed, self._frames, *self._size)
        images = (sequence.images * 255).round().byte().permute(0, 2, 3, 1).numpy()
        for t in range(self._frames):
            yield Sample(
                name=f"{self.name}/{t:03d}",
                image=np.ascontiguousarray(images[t]),
                depth=sequence.depth[t].float().numpy(),
                camera_to_world=sequence.camera_to_world[t].double().numpy(),
                intrinsics=sequence.intrinsics[t].double().numpy(),
                stamp_s=t / sequence.frame_rate,
                moving=sequence.moving[t].numpy(),
            )
