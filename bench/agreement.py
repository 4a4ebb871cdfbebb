"""How far apart the clouds of frames 10 apart are, with poses from the network and from the map.

    python bench/agreement.py --dataset 7scenes --root <folder>

The median distance between static points that both frames see, in metres and relative to the
median depth: poses of the network's head, without evidence, and of the geometric back-end, whose
landmarks are told to the network. Intrinsics are known.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from mem4d_ros.datasets import Recording, open_dataset
from mem4d_ros.evaluation.agreement import distances_apart
from mem4d_ros.evaluation.online import run_recording
from mem4d_ros.runtime import OnlineReconstructor, Reconstruction
from mem4d_ros.runtime.loading import load_network
from mem4d_ros.runtime.motion_split import MotionSplitter


def frames_of(
    recording: Recording, online: OnlineReconstructor, depths: list[float]
) -> Iterator[tuple[Reconstruction, np.ndarray]]:
    """Each frame and its moving pixels; `depths` takes the median depth of each."""
    splitter = MotionSplitter()
    for step in run_recording(recording, range(len(recording)), online):
        depths.append(float(np.nanmedian(step.found.depth)))
        yield step.found, splitter.split(step.found)


def main() -> None:
    """Run the recording once for each source, and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dataset", required=True)
    parser.add_argument("--root", type=Path, required=True)
    options = parser.parse_args()
    torch.set_num_threads(1)
    recording = open_dataset(options.dataset, options.root)[0]
    for source in ("head", "geometry"):
        online = load_network("", "lite", "cpu", "fp32").reconstructor(source)
        depths: list[float] = []
        apart = np.concatenate(list(distances_apart(frames_of(recording, online, depths))))
        median = float(np.median(apart))
        print(
            f"{source:9} {len(recording)} frames, {len(apart)} pairs: median {median:.4f} m,"
            f" {median / np.median(depths):.2%} of the median depth",
            flush=True,
        )


if __name__ == "__main__":
    main()
