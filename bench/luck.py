"""How much of a recording's figures is luck: the same images with noise of one grey level.

    python bench/luck.py --dataset 7scenes --root FOLDER --draws 5

With --black 3 12 the last 3 of every 12 images are black, as when something covers the lens; they
are left out of the figures.

Odometry decides again and again which of two landmarks is right. Where a decision hangs by a hair,
as in traffic, the figures of one run say little: what changes when nothing does is printed here.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from mem4d_ros.datasets import Recording, Sample, open_dataset
from mem4d_ros.evaluation.online import Step, Told, run_recording
from mem4d_ros.evaluation.pose import measure_pose
from mem4d_ros.evaluation.protocols import DepthProtocol
from mem4d_ros.evaluation.video_depth import measure_depth
from mem4d_ros.runtime.loading import load_network


class Disturbed:
    """A recording whose images are off by at most a grey level, seeded. Draw 0 is as recorded.

    The last `black[0]` of every `black[1]` images are black, but not of the first ones.
    """

    def __init__(self, recording: Recording, draw: int, black: tuple[int, int] = (0, 1)) -> None:
        self.name = recording.name
        self._recording, self._draw, self._black = recording, draw, black

    def __len__(self) -> int:
        return len(self._recording)

    def is_black(self, index: int) -> bool:
        """Whether nothing is seen in that image."""
        count, every = self._black
        return index >= every and index % every >= every - count

    def __getitem__(self, index: int) -> Sample:
        sample = self._recording[index]
        if self.is_black(index):
            return replace(sample, image=np.zeros_like(sample.image))
        if self._draw == 0:
            return sample
        rng = np.random.default_rng([self._draw, index])
        noise = rng.integers(-1, 2, sample.image.shape)
        return replace(sample, image=(sample.image + noise).clip(0, 255).astype(np.uint8))

    def __iter__(self) -> Iterator[Sample]:
        return (self[index] for index in range(len(self)))


def measure(recording: Recording, steps: list[Step]) -> tuple[float, float, float]:
    """ATE by the path, the path's scale by the depth's, AbsRel after one scale; NaN: no truth."""
    pose = measure_pose(recording.name, steps)[0]
    share, by_depth = (
        np.nan if value is None else value for value in (pose.errors.ate_share, pose.path_by_depth)
    )
    abs_rel = np.nan
    if any(step.sample.depth is not None for step in steps):
        result = measure_depth(recording.name, steps, DepthProtocol(), ["scale"])[0]
        abs_rel = result.errors["scale"].abs_rel
    return share, by_depth, abs_rel


def main() -> None:
    """Print each draw, then median and range."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dataset", required=True)
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--draws", type=int, default=5)
    parser.add_argument("--black", type=int, nargs=2, default=(0, 1), metavar=("COUNT", "EVERY"))
    options = parser.parse_args()
    recording = open_dataset(options.dataset, options.root)[0]
    reconstructor = load_network("", "lite", "cpu", "fp32").reconstructor("geometry")
    found = []
    for draw in range(options.draws):
        disturbed = Disturbed(recording, draw, tuple(options.black))
        told = Told(intrinsics=True)
        steps = list(run_recording(disturbed, range(len(disturbed)), reconstructor, told))
        seen = [step for index, step in enumerate(steps) if not disturbed.is_black(index)]
        found.append(measure(disturbed, seen))
        print("draw {}: ATE {:.2%}, path by depth {:.3f}, AbsRel {:.3f}".format(draw, *found[-1]))
    low, middle, high = np.quantile(found, (0, 0.5, 1), axis=0)
    print(
        f"{recording.name}, {options.draws} draws: ATE {middle[0]:.2%} ({low[0]:.2%} to"
        f" {high[0]:.2%}), path by depth {middle[1]:.3f} ({low[1]:.3f} to {high[1]:.3f}),"
        f" AbsRel {middle[2]:.3f} ({low[2]:.3f} to {high[2]:.3f})"
    )


if __name__ == "__main__":
    main()
