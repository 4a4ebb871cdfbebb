"""Precision and recall of the motion split on held-out procedural scenes.

    python bench/motion_split.py --scenes 32

Each cue alone, both, and both with what people look like; with depths, poses and intrinsics of the
network and with true ones, which bounds what the split can reach. A pixel is moving if its surface
moves until the next frame, however slowly. Pixels of all frames but each scene's first are counted
together.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from mem4d_ros.cli.models import add_model_options, load_named_network
from mem4d_ros.datasets import ProceduralScene, Sample
from mem4d_ros.runtime import OnlineReconstructor, Reconstruction
from mem4d_ros.runtime.motion_split import CueWeights, MotionSplitter
from mem4d_ros.runtime.pose_sources import AUTO

VARIANTS = {
    "image": CueWeights(depth=0.0, people=0.0),
    "depth": CueWeights(image=0.0, people=0.0),
    "both": CueWeights(people=0.0),
    "and people": CueWeights(),
}


@dataclass
class Score:
    """Pixels counted, and the processor's time."""

    hit: int = 0
    false: int = 0
    missed: int = 0
    times_s: list[float] = field(default_factory=list)

    def add(self, found: np.ndarray, true: np.ndarray) -> None:
        self.hit += np.count_nonzero(found & true)
        self.false += np.count_nonzero(found & ~true)
        self.missed += np.count_nonzero(~found & true)

    def __str__(self) -> str:
        precision = self.hit / max(self.hit + self.false, 1)
        recall = self.hit / max(self.hit + self.missed, 1)
        f1 = 2 * self.hit / max(2 * self.hit + self.false + self.missed, 1)
        return (
            f"precision {precision:.3f}  recall {recall:.3f}  F1 {f1:.3f}"
            f"  {1000 * np.median(self.times_s):.1f} ms"
        )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    add_model_options(parser)
    parser.add_argument("--scenes", type=int, default=32)
    parser.add_argument("--frames", type=int, default=24, help="of each scene")
    parser.add_argument(
        "--known-intrinsics", action="store_true", help="give the network the true intrinsics"
    )
    options = parser.parse_args()
    reconstructor = load_named_network(options).reconstructor(AUTO)
    scores = {(source, name): Score() for source in ("network", "truth") for name in VARIANTS}
    for index in range(options.scenes):
        scene = ProceduralScene(index, options.frames)
        frames = list(reconstructed(scene, reconstructor, options.known_intrinsics))
        for (source, name), score in scores.items():
            splitter = MotionSplitter(VARIANTS[name])
            for sample, reconstruction in frames:
                given = (
                    reconstruction if source == "network" else with_truth(reconstruction, sample)
                )
                started = time.process_time()
                found = splitter.split(given)
                if given.frame_index:
                    score.times_s.append(time.process_time() - started)
                    score.add(found, sample.moving)
    for (source, name), score in scores.items():
        print(f"{source:8} {name:6} {score}")


def reconstructed(
    scene: ProceduralScene, reconstructor: OnlineReconstructor, with_intrinsics: bool
) -> Iterator[tuple[Sample, Reconstruction]]:
    """The frames of a scene, from a new world on."""
    reconstructor.reset()
    for index, sample in enumerate(scene):
        known = sample.intrinsics if with_intrinsics else None
        yield sample, reconstructor.process(sample.image, index, known)


def with_truth(reconstruction: Reconstruction, sample: Sample) -> Reconstruction:
    """What a perfect network would say; the scene has the network's image size."""
    if sample.depth.shape != reconstruction.depth.shape:
        raise SystemExit(
            f"scenes of {sample.depth.shape} pixels do not fit a network for"
            f" {reconstruction.depth.shape}: use lite"
        )
    return replace(
        reconstruction,
        depth=sample.depth,
        confidence_camera=np.isfinite(sample.depth).astype(np.float32),
        camera_to_world=sample.camera_to_world,
        intrinsics=sample.intrinsics,
    )


if __name__ == "__main__":
    main()
