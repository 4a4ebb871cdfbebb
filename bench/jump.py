"""What becomes of the map of a camera that is carried on unseen, and comes back.

    OMP_NUM_THREADS=1 python bench/jump.py --dataset 7scenes --root FOLDER --jump 90 130

shows a recording up to image 90, then from image 130 to its end, and then backwards to its
beginning, with noise of a grey level, so that no image is seen twice. Errors are those of the path
as it is in the end, after one similarity: of all of it, and of its parts before and after the jump
by themselves.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from circuit import Path3D
from luck import Disturbed

from mem4d_ros.datasets import Sample, open_dataset
from mem4d_ros.evaluation.trajectory import trajectory_errors
from mem4d_ros.mapping import scale_of
from mem4d_ros.runtime.loading import load_network

FRAME_NS = 10**8
"""From image to image; recordings do not say."""


def follow(samples: list[Sample], odometry: np.ndarray | None = None) -> tuple[Path3D, np.ndarray]:
    """Find the path, and which of its frames were measured, (T,) bool; print each correction.

    Args:
        odometry: (T, 4, 4), where another odometry has the camera.
    """
    online = load_network("", "lite", "cpu", "fp32").reconstructor("geometry")
    path, measured = Path3D(), []
    for number, sample in enumerate(samples):
        told = None if odometry is None else odometry[number]
        stamp_ns = FRAME_NS * number
        found = online.process(sample.image, stamp_ns, sample.intrinsics, odom_from_camera=told)
        if found.correction is not None:
            scale = scale_of(found.correction.of(np.array([found.keyframe]))[0])
            print(f"joined at frame {number}: what is new becomes {scale:.2f} times as large")
        path.add(found.camera_to_world, found.keyframe, found.correction)
        measured.append(found.pose_measured)
    return path, np.array(measured)


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
    samples = [*there[:begin], *there[end:], *back[::-1]]
    path, measured = follow(samples)
    poses = path.now.poses
    true = np.array([sample.camera_to_world for sample in samples])

    def error(part: slice) -> str:
        seen = measured[part]
        return f"{trajectory_errors(poses[part][seen], true[part][seen]).ate_m:.3f} m"

    print(
        f"{recording.name}: ATE {error(slice(None))}, before the jump {error(slice(begin))},"
        f" after it {error(slice(begin, None))}; {(~measured).sum()} of {len(true)} frames not"
        " located"
    )


if __name__ == "__main__":
    main()
