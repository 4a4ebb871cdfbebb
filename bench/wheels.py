"""What the odometry of wheels brings: to a whole path, and while the lens is covered.

    OMP_NUM_THREADS=1 python bench/wheels.py --dataset 7scenes --root FOLDER
    OMP_NUM_THREADS=1 python bench/wheels.py --dataset 7scenes --root FOLDER --covered 90 130

The odometry is the true motion, its way too long by 3 % and its turns wrong by a random walk of 2°
per root metre. ATE is that of the path as it is in the end, after one similarity. With
--covered 90 130, images 90 to 129 are black, and errors of the poses as they are published follow,
after one similarity that is fitted to the frames before. --fault NAME gives the odometry one more
fault of those below.
"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from circuit import Path3D
from jump import follow

from mem4d_ros.datasets import open_dataset
from mem4d_ros.evaluation.trajectory import align_trajectory, trajectory_errors
from mem4d_ros.geometry import rigid_inverse

WAY_RATIO = 1.03
TURN_DEVIATION = np.deg2rad(2)
"""Per root metre."""
FAULTY = range(60, 90)
"""Frames in which wheels slip or are blocked."""


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


def _in_between(poses: np.ndarray, ratio: float) -> np.ndarray:
    """Odometry (T, 4, 4) whose way is too long by a ratio in FAULTY frames."""
    found = [poses[0]]
    for index, (before, after) in enumerate(itertools.pairwise(poses), start=1):
        step = rigid_inverse(before) @ after
        if index in FAULTY:
            step[:3, 3] *= ratio
        found.append(found[-1] @ step)
    return np.array(found)


def slipping(poses: np.ndarray) -> np.ndarray:
    """Wheels that turn 2.5 times as far as the robot goes."""
    return _in_between(poses, 2.5)


def blocked(poses: np.ndarray) -> np.ndarray:
    """Wheels that stand while the robot is moved."""
    return _in_between(poses, 0.0)


def flat(poses: np.ndarray) -> np.ndarray:
    """An odometry that knows neither pitch nor roll nor height, as the first camera has these."""
    seen = rigid_inverse(poses[0]) @ poses
    found = np.tile(np.eye(4), (len(poses), 1, 1))
    heading = np.arctan2(seen[:, 0, 2], seen[:, 2, 2])
    found[:, 0, 0] = found[:, 2, 2] = np.cos(heading)
    found[:, 0, 2] = np.sin(heading)
    found[:, 2, 0] = -found[:, 0, 2]
    found[:, (0, 2), 3] = seen[:, (0, 2), 3]
    return found


def late(poses: np.ndarray) -> np.ndarray:
    """Stamps that are wrong by a frame."""
    return np.concatenate((poses[:1], poses[:-1]))


def misplaced(poses: np.ndarray) -> np.ndarray:
    """A camera whose place on the robot is wrong by 6° and 9 cm."""
    error = np.eye(4)
    error[:3, :3] = cv2.Rodrigues(np.deg2rad((2.0, 4.0, 4.0)))[0]
    error[:3, 3] = 0.05, -0.05, 0.05
    wrong: np.ndarray = poses @ error
    return wrong


FAULTS: Mapping[str, Callable[[np.ndarray], np.ndarray]] = {
    fault.__name__: fault for fault in (slipping, blocked, flat, late, misplaced)
}


def while_covered(path: Path3D, measured: np.ndarray, true: np.ndarray, covered: range) -> str:
    """How far published poses are away from true ones (T, 4, 4)."""
    published, begin, end = np.array(path.published), covered.start, covered.stop
    aligned = align_trajectory(published[:begin], true[:begin])
    away = np.linalg.norm(aligned.apply(published[:, :3, 3]) - true[:, :3, 3], axis=-1)
    found = np.flatnonzero(measured[end:])
    again = f"seen again after {found[0] + 1} frames" if len(found) else "never seen again"
    return (
        f"{away[begin - 1]:.3f} m away before, {away[end - 1]:.3f} m when it is uncovered,"
        f" {again}, {away[-1]:.3f} m away at the end"
    )


def main() -> None:
    """Show, and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dataset", required=True)
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--covered", type=int, nargs=2, metavar=("FROM", "TO"))
    parser.add_argument("--fault", choices=FAULTS)
    options = parser.parse_args()
    recording = open_dataset(options.dataset, options.root)[0]
    covered = range(*(options.covered or (0, 0)))
    samples = [
        replace(sample, image=np.zeros_like(sample.image)) if index in covered else sample
        for index, sample in enumerate(recording)
    ]
    true = np.array([sample.camera_to_world for sample in samples])
    odometry = wheels(true)
    if options.fault is not None:
        odometry = FAULTS[options.fault](odometry)
    alone = trajectory_errors(odometry, true)
    print(f"{recording.name}: {len(true)} frames, {alone.path_m:.1f} m; wheels alone ", end="")
    print(f"{alone.ate_m:.3f} m, {100 * (alone.ate_share or 0):.2f} %")
    for name, told in (("without", None), ("with", odometry)):
        path, measured = follow(samples, told)
        errors = trajectory_errors(path.now.poses, true)
        print(
            f"  {name} wheels: ATE {errors.ate_m:.3f} m, {100 * (errors.ate_share or 0):.2f} %;"
            f" {(~measured).sum()} frames not located"
        )
        if covered:
            print(f"    {while_covered(path, measured, true, covered)}")


if __name__ == "__main__":
    main()
