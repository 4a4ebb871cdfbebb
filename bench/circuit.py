"""A rendered walk around a block, back to its start: the path without and with loops.

    python bench/circuit.py path [--cache FOLDER]
    python bench/circuit.py steady [--cache FOLDER] [--frames 5000]

`path` runs 400 frames (1.1 laps of 24 m) through the packaged network and prints the error of the
positions as published, and as they are in the end. `steady` plays them forth and back with the true
depth in the network's place, off by noise and by a scale that wavers, and prints what a frame costs
its own thread at the beginning and at the end. The frames are rendered once (7 minutes of a core).
"""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch

from mem4d_ros.evaluation.trajectory import trajectory_errors
from mem4d_ros.geometry import ImageTransform, fov_to_intrinsics
from mem4d_ros.mapping import Aside, Correction, DenseView, HangingPoses, Odometry
from mem4d_ros.runtime import OnlineReconstructor
from mem4d_ros.runtime.loading import load_network
from mem4d_ros.runtime.pose_sources import GeometryPose
from mem4d_ros.synthetic.places.circuit import circuit_path, make_circuit
from mem4d_ros.synthetic.rendering.camera_effects import CameraEffects
from mem4d_ros.synthetic.sequence import film
from mem4d_ros.synthetic.shot import Shot
from mem4d_ros.synthetic.textures.library import standard_library

FRAMES, LAPS, RATE_HZ = 400, 1.1, 15.0
HEIGHT, WIDTH, FIELD_DEG = 192, 256, 70.0
EFFECTS = CameraEffects(softness=0.4, shutter=0.2, read_noise=0.004)
DEPTH_NOISE, SCALE_STEP, SCALE_RANGE = 0.08, 0.01, 0.2
PLACE = (16, 12)


@dataclass(frozen=True)
class Walk:
    """Images (T, H, W, 3) uint8 RGB, depth (T, H, W) m, poses (T, 4, 4), intrinsics (3, 3)."""

    images: np.ndarray
    depth: np.ndarray
    poses: np.ndarray
    intrinsics: np.ndarray


def rendered(folder: Path) -> Walk:
    """The walk, from a file in the folder or rendered into it."""
    path = folder / f"circuit_{FRAMES}.npz"
    if not path.exists():
        library = standard_library("cpu")
        rng = np.random.default_rng(0)
        scene = make_circuit(rng, library)
        times = np.arange(FRAMES) / RATE_HZ
        poses = circuit_path(rng, times, LAPS)
        sides = np.array([WIDTH, HEIGHT]) / WIDTH
        fov = 2 * np.arctan(np.tan(np.deg2rad(FIELD_DEG) / 2) * sides)
        intrinsics = fov_to_intrinsics(fov, HEIGHT, WIDTH)
        shot = Shot(0, scene, times, poses, intrinsics, (HEIGHT, WIDTH), EFFECTS, RATE_HZ)
        made = film(shot, library)
        folder.mkdir(parents=True, exist_ok=True)
        np.savez(
            path,
            images=(made.images * 255).round().byte().permute(0, 2, 3, 1).numpy(),
            depth=made.depth.half().numpy(),
            poses=made.camera_to_world.double().numpy(),
            intrinsics=intrinsics,
        )
    with np.load(path) as file:
        return Walk(
            file["images"], file["depth"].astype(np.float32), file["poses"], file["intrinsics"]
        )


class Path3D:
    """Poses as they were published, and as corrections have moved them since."""

    def __init__(self) -> None:
        self.published: list[np.ndarray] = []
        self.now = HangingPoses()
        self.closed_at: list[int] = []

    def add(self, pose: np.ndarray, keyframe: int, correction: Correction | None) -> None:
        """Take the next frame in."""
        if correction is not None:
            self.closed_at.append(len(self.published))
            self.now.move(correction)
        self.published.append(pose)
        self.now.add(pose, keyframe)


def walked(walk: Walk, closes_loops: bool) -> Path3D:
    """The path that the packaged network and the odometry find."""
    network = load_network("", "lite", "cpu", "fp32")
    config = network.model.config
    online = OnlineReconstructor(
        network.model,
        config.image_size,
        config.memory,
        pose_source=GeometryPose(closes_loops=closes_loops),
    )
    path = Path3D()
    for index, image in enumerate(walk.images):
        found = online.process(image, index, walk.intrinsics)
        path.add(found.camera_to_world, found.keyframe, found.correction)
    return path


def print_paths(walk: Walk) -> None:
    """Errors without and with loops."""
    for closes_loops in (False, True):
        path = walked(walk, closes_loops)
        published = trajectory_errors(np.array(path.published), walk.poses)
        final = trajectory_errors(path.now.poses, walk.poses)
        print(
            f"{'with' if closes_loops else 'without'} loops: ATE {final.ate_m:.3f} m of"
            f" {final.path_m:.1f} m, as published {published.ate_m:.3f} m;"
            f" closed at frames {path.closed_at}",
            flush=True,
        )


def print_steadiness(walk: Walk, frames: int) -> None:
    """Time and memory of the odometry's own thread, in tenths."""
    forth = np.arange(len(walk.images))
    order = np.resize(np.concatenate((forth, forth[-2:0:-1])), frames)
    rng = np.random.default_rng(0)
    odometry = Odometry(Aside)
    transform = ImageTransform.fit(WIDTH, HEIGHT, WIDTH)
    times, log_scale, path = [], 0.0, Path3D()
    for number, frame in enumerate(order.tolist()):
        grey = cv2.cvtColor(walk.images[frame], cv2.COLOR_RGB2GRAY)
        log_scale = float(np.clip(log_scale + rng.normal(0, SCALE_STEP), -SCALE_RANGE, SCALE_RANGE))
        noise = cv2.resize(rng.normal(log_scale, DEPTH_NOISE, (6, 8)), (WIDTH, HEIGHT))
        dense = DenseView(
            walk.depth[frame] * np.exp(noise).astype(np.float32), walk.images[frame], transform
        )
        place = cv2.resize(grey, PLACE, interpolation=cv2.INTER_AREA).ravel().astype(np.float32)
        place -= place.mean()
        start = time.thread_time()
        estimate = odometry.locate(grey, walk.intrinsics)
        odometry.learn(dense, walk.intrinsics, place / np.linalg.norm(place))
        times.append(1e3 * (time.thread_time() - start))
        path.add(estimate.camera_to_world, estimate.keyframe, estimate.correction)
        if (number + 1) % (frames // 10) == 0:
            last = np.array(times[-(frames // 10) :])
            print(
                f"frame {number + 1}: median {np.median(last):.1f} ms,"
                f" 95 % {np.percentile(last, 95):.1f} ms; {len(odometry.map.keyframes)} keyframes,"
                f" {len(odometry.map.landmarks)} landmarks, {resident_mib():.0f} MiB",
                flush=True,
            )
    errors = trajectory_errors(path.now.poses, walk.poses[order])
    print(f"ATE {errors.ate_m:.3f} m of {errors.path_m:.0f} m; closed at {path.closed_at}")


def resident_mib() -> float:
    """Memory of this process now, on Linux."""
    line = next(
        line for line in Path("/proc/self/status").read_text().splitlines() if "VmRSS" in line
    )
    return int(line.split()[1]) / 1024


def main() -> None:
    """Render if need be, run, and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("what", choices=("path", "steady"))
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()))
    parser.add_argument("--frames", type=int, default=5000, help="of steady")
    options = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    walk = rendered(options.cache)
    if options.what == "path":
        print_paths(walk)
    else:
        print_steadiness(walk, options.frames)


if __name__ == "__main__":
    main()
