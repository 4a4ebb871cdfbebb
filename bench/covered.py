"""Where a camera is taken to be while its lens is covered, without and with the odometry of wheels.

    OMP_NUM_THREADS=1 python bench/covered.py --dataset 7scenes --root FOLDER --covered 90 130

shows a recording whose images 90 to 129 are black. The odometry is the true motion, its way too
long by 3 % and its turns wrong by a random walk of 2° per root metre. Errors are those of the poses
as they are published, after one similarity that is fitted to the frames before, and of the whole
path as it is in the end, after one similarity.
"""

from __future__ import annotations

import argparse
import itertools
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from circuit import Path3D
from luck import Disturbed

from mem4d_ros.datasets import Sample, open_dataset
from mem4d_ros.evaluation.trajectory import align_trajectory, trajectory_errors
from mem4d_ros.geometry import rigid_inverse
from mem4d_ros.runtime.loading import load_network

WAY_RATIO = 1.03
TURN_DEVIATION = np.deg2rad(2)
"""Per root metre."""


def wheels(true: np.ndarray, seed: int = 0) -> np.ndarray:
    """An odometry's poses (T, 4, 4) of a camera with true ones (T, 4, 4), metres."""
    rng = np.random.default_rng(seed)
    poses = [np.eye(4)]
    for before, after in itertools.pairwise(true):
        step = rigid_inverse(before) @ after
        way = float(np.linalg.norm(step[:3, 3]))
        turn = rng.normal(0, TURN_DEVIATION * np.sqrt(way), 3)
        step[:3, :3] = step[:3, :3] @ cv2.Rodrigues(turn)[0]
        step[:3, 3] *= WAY_RATIO
        poses.append(poses[-1] @ step)
    return np.array(poses)


def follow(samples: list[Sample], odometry: np.ndarray | None) -> tuple[Path3D, np.ndarray]:
    """The path that is found, and which of its frames were measured, (T,) bool."""
    online = load_network("", "lite", "cpu", "fp32").reconstructor("geometry")
    path, measured = Path3D(), []
    for number, sample in enumerate(samples):
        told = None if odometry is None else odometry[number]
        found = online.process(sample.image, number, sample.intrinsics, odom_from_camera=told)
        path.add(found.camera_to_world, found.keyframe, found.correction)
        measured.append(found.pose_measured)
    return path, np.array(measured)


def main() -> None:
    """Show, and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dataset", required=True)
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--covered", type=int, nargs=2, required=True, metavar=("FROM", "TO"))
    parser.add_argument("--draw", type=int, default=0, help="of noise of one grey level; 0: none")
    options = parser.parse_args()
    begin, end = options.covered
    recording = open_dataset(options.dataset, options.root)[0]
    samples = list(Disturbed(recording, options.draw))
    for index in range(begin, end):
        samples[index] = replace(samples[index], image=np.zeros_like(samples[index].image))
    true = np.array([sample.camera_to_world for sample in samples])
    way = float(np.linalg.norm(np.diff(true[begin - 1 : end, :3, 3], axis=0), axis=-1).sum())
    print(f"{recording.name}: covered for {end - begin} of {len(true)} frames and {way:.2f} m")
    for name, odometry in (("without", None), ("with", wheels(true))):
        path, measured = follow(samples, odometry)
        published = np.array(path.published)
        aligned = align_trajectory(published[:begin], true[:begin])
        away = np.linalg.norm(aligned.apply(published[:, :3, 3]) - true[:, :3, 3], axis=-1)
        found = np.flatnonzero(measured[end:])
        again = f"seen again after {found[0] + 1}" if len(found) else "never seen again"
        whole = trajectory_errors(path.now.poses[measured], true[measured]).ate_m
        print(
            f"  {name} odometry: {away[begin - 1]:.3f} m away before, {away[begin:end].max():.3f} m"
            f" at most while covered, {away[end - 1]:.3f} m at its end; {again},"
            f" {away[-1]:.3f} m away at the end; ATE of what was measured {whole:.3f} m"
        )


if __name__ == "__main__":
    main()
