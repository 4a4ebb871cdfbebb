"""What the back-end costs on a recording, and how right its landmarks are.

    python bench/odometry.py --dataset 7scenes --root <folder> [--long-side 640] [--no-loops]

Times are what the frame's own thread computes; bundle adjustment goes on beside, as in the node.
Landmarks count that keyframes see from directions at least 2 degrees apart; their depth is compared
with the true one after one scale.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import cv2
import numpy as np
import torch

from mem4d_ros.datasets import Sample, open_dataset
from mem4d_ros.evaluation.trajectory import trajectory_errors
from mem4d_ros.mapping import Aside, Map
from mem4d_ros.runtime import OnlineReconstructor
from mem4d_ros.runtime.loading import load_network
from mem4d_ros.runtime.pose_sources import (
    CameraFrame,
    Foreseen,
    GeometryPose,
    PoseEstimate,
    PoseFrame,
)

LEAST_PARALLAX = np.deg2rad(2.0)


class TimedGeometry(GeometryPose):
    """Keeps how long each part took, in s, the frame of each keyframe, and those of loops."""

    def __init__(self, closes_loops: bool) -> None:
        super().__init__(Aside, closes_loops)
        self.before: list[float] = []
        self.after: list[float] = []
        self.frames: dict[int, int] = {}
        self.closed_at: list[int] = []
        self.published: list[np.ndarray] = []

    def foresee(self, frame: CameraFrame) -> Foreseen:
        start = time.thread_time()
        foreseen = super().foresee(frame)
        self.before.append(time.thread_time() - start)
        return foreseen

    def estimate(self, frame: PoseFrame) -> PoseEstimate:
        start = time.thread_time()
        estimate = super().estimate(frame)
        self.after.append(time.thread_time() - start)
        self.published.append(estimate.camera_to_world)
        if estimate.correction is not None:
            self.closed_at.append(len(self.after) - 1)
        self.frames.setdefault(max(self.map.keyframes), len(self.after) - 1)
        return estimate


def enlarged(sample: Sample, long_side: int | None) -> tuple[np.ndarray, np.ndarray]:
    """Image and intrinsics at another size, depth as it is."""
    assert sample.intrinsics is not None
    if long_side is None:
        return sample.image, sample.intrinsics
    scale = long_side / max(sample.image.shape[:2])
    intrinsics = np.diag([scale, scale, 1.0]) @ sample.intrinsics
    return cv2.resize(sample.image, None, fx=scale, fy=scale), intrinsics


def landmark_errors(world: Map, frames: dict[int, int], samples: list[Sample]) -> np.ndarray:
    """Log of estimated by true depth (N,) of the landmarks that count, in their hosts."""
    assert samples[0].intrinsics is not None
    table, errors = world.landmarks, []
    parallax = np.zeros(len(table))
    for keyframe in world.keyframes.values():
        points = world.points(keyframe.landmarks, samples[0].intrinsics).position
        hosts = np.array(
            [world.keyframes[h].camera_to_world[:3, 3] for h in table.host[keyframe.landmarks]]
        ).reshape(-1, 3)
        here, there = points - keyframe.camera_to_world[:3, 3], points - hosts
        cosine = (here * there).sum(-1) / (
            np.linalg.norm(here, axis=-1) * np.linalg.norm(there, axis=-1) + 1e-12
        )
        angles = np.arccos(np.clip(cosine, -1, 1))
        parallax[keyframe.landmarks] = np.maximum(parallax[keyframe.landmarks], angles)
    for number in world.keyframes:
        depth = samples[frames[number]].depth
        chosen = (table.host == number) & table.is_alive & (parallax >= LEAST_PARALLAX)
        if depth is None or not chosen.any():
            continue
        columns, rows = np.rint(table.pixel[chosen]).astype(int).T
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = -table.log_inverse[chosen] - np.log(depth[rows, columns])
        errors.append(ratio[np.isfinite(ratio)])
    return np.concatenate(errors) if errors else np.empty(0)


def main() -> None:
    """Run the recording through the network, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dataset", required=True)
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--long-side", type=int, help="images are enlarged to this; times only")
    parser.add_argument("--no-loops", action="store_true", help="close none")
    options = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    network = load_network("", "lite", "cpu", "fp32")
    source = TimedGeometry(not options.no_loops)
    config = network.model.config
    online = OnlineReconstructor(
        network.model, config.image_size, config.memory, pose_source=source
    )
    samples = list(open_dataset(options.dataset, options.root)[0])
    for index, sample in enumerate(samples):
        image, intrinsics = enlarged(sample, options.long_side)
        online.process(image, index, intrinsics)
    height, width = image.shape[:2]
    keyframes = np.zeros(len(samples), bool)
    keyframes[list(source.frames.values())] = True
    before, after = 1e3 * np.array(source.before), 1e3 * np.array(source.after)
    seen = [len(k.landmarks) for k in source.map.keyframes.values()]
    print(
        f"{width}x{height}, {len(samples)} frames, {keyframes.sum()} keyframes,"
        f" {np.median(seen):.0f} landmarks each"
    )
    print(
        f"tracking, pose, evidence: median {np.median(before):.1f} ms,"
        f" 95 % {np.percentile(before, 95):.1f} ms"
    )
    print(
        f"after the network: median {np.median(after[~keyframes]):.1f} ms,"
        f" with a new keyframe {np.median(after[keyframes]):.1f} ms"
    )
    print(f"loops closed at frames {source.closed_at}")
    true = [sample.camera_to_world for sample in samples]
    if all(pose is not None for pose in true):
        published = trajectory_errors(np.array(source.published), np.array(true))
        print(f"ATE {published.ate_m:.4f} m of {published.path_m:.1f} m, as published")
    if options.long_side is None:
        errors = landmark_errors(source.map, source.frames, samples)
        if len(errors):
            off = np.abs(np.expm1(errors - np.median(errors)))
            print(f"{len(errors)} landmarks with parallax: median error {np.median(off):.1%}")


if __name__ == "__main__":
    main()
