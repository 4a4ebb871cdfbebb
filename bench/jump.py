"""What becomes of the map of a camera that is carried on unseen, and comes back.

    OMP_NUM_THREADS=1 python bench/jump.py --dataset 7scenes --root FOLDER --jump 90 130

shows a recording up to image 90, then from image 130 to its end, and then backwards to its
beginning, with noise of a grey level, so that no image is seen twice. Errors are those of the path
as it is in the end, after one similarity: of all of it, and of its parts before and after the jump
by themselves.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from luck import Disturbed

from mem4d_ros.datasets import Sample, open_dataset
from mem4d_ros.evaluation.trajectory import trajectory_errors
from mem4d_ros.mapping import HangingPoses, scale_of
from mem4d_ros.runtime.loading import load_network


@dataclass(frozen=True)
class Path3D:
    """Poses (T, 4, 4) as they are in the end, the true ones, and which of them were measured."""

    found: np.ndarray
    true: np.ndarray
    measured: np.ndarray

    def error(self, part: slice) -> str:
        """ATE of a part of it."""
        seen = self.measured[part]
        errors = trajectory_errors(self.found[part][seen], self.true[part][seen])
        return f"{errors.ate_m:.3f} m"


def follow(samples: list[Sample]) -> Path3D:
    """The path that the packaged network and the odometry find; each correction is printed."""
    online = load_network("", "lite", "cpu", "fp32").reconstructor("geometry")
    poses, measured = HangingPoses(), []
    for number, sample in enumerate(samples):
        found = online.process(sample.image, number, sample.intrinsics)
        if found.correction is not None:
            scale = scale_of(found.correction.of(np.array([found.keyframe]))[0])
            print(f"joined at frame {number}: what is new becomes {scale:.2f} times as large")
            poses.move(found.correction)
        poses.add(found.camera_to_world, found.keyframe)
        measured.append(found.pose_measured)
    true = np.array([sample.camera_to_world for sample in samples])
    return Path3D(poses.poses, true, np.array(measured))


def main() -> None:
    """Show, and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dataset", required=True)
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--jump", type=int, nargs=2, required=True, metavar=("FROM", "TO"))
    options = parser.parse_args()
    begin, end = options.jump
    recording = open_dataset(options.dataset, options.root)[0]
    there, back = (list(Disturbed(recording, draw)) for draw in (1, 2))
    path = follow([*there[:begin], *there[end:], *back[::-1]])
    print(
        f"{recording.name}: ATE {path.error(slice(None))}, before the jump"
        f" {path.error(slice(begin))}, after it {path.error(slice(begin, None))};"
        f" {(~path.measured).sum()} of {len(path.true)} frames not located"
    )


if __name__ == "__main__":
    main()
