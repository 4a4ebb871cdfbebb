"""Odometry and depth of peers beside ours, on the same frames and the same core.

    python bench/peers.py --dataset 7scenes --root <folder> [--depth-network network.onnx]

Peers that are not installed are named, not run. They come from PyPI, into an environment of their
own, since two kinds of OpenCV exclude each other:

    pip install '.[evaluation,engines]' kiss-icp
    pip uninstall -y opencv-python-headless && pip install 'opencv-contrib-python-headless<5'

KISS-ICP (Vizzo et al., RA-L 2023) and OpenCV's RGB-D odometry are given the recording's measured
depth; ours sees images alone. Errors are after a similarity, for all alike. A depth network is an
ONNX file with its description beside it (docs/depth_prior.md), compared after one scale a sequence.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch

from mem4d_ros.datasets import Sample, open_dataset
from mem4d_ros.evaluation.depth import DepthPixels, depth_errors, scale_alignment, valid_pixels
from mem4d_ros.evaluation.online import full_depth
from mem4d_ros.evaluation.trajectory import trajectory_errors
from mem4d_ros.geometry import unproject
from mem4d_ros.runtime.depth_prior import DepthNetwork
from mem4d_ros.runtime.loading import load_network

FAREST_M = 80.0
VOXEL_RATIO = 0.02
"""KISS-ICP's voxels by the median depth: its own 1 m is meant for a street."""


class NotHere(RuntimeError):  # noqa: N818
    """A peer that is not installed."""


@dataclass(frozen=True)
class Run:
    """What somebody made of the frames: poses (T, 4, 4), depth (T, H, W), seconds of each frame."""

    seconds: list[float]
    poses: np.ndarray | None = None
    depth: list[np.ndarray] | None = None


def ours(samples: list[Sample]) -> Run:
    """The packaged network with its usual pose source, as `mem4d reconstruct` runs it."""
    online = load_network("", "lite", "cpu", "fp32").reconstructor("auto")
    seconds, poses, depth = [], [], []
    for index, sample in enumerate(samples):
        start = time.perf_counter()
        found = online.process(sample.image, index, sample.intrinsics)
        seconds.append(time.perf_counter() - start)
        poses.append(found.camera_to_world)
        depth.append(full_depth(found))
    return Run(seconds, np.stack(poses), depth)


def kiss_icp(samples: list[Sample]) -> Run:
    """KISS-ICP on clouds of the measured depth."""
    try:
        from kiss_icp.config import KISSConfig
        from kiss_icp.kiss_icp import KissICP
    except ModuleNotFoundError as error:
        raise NotHere(str(error)) from error
    config = KISSConfig()
    config.data.max_range, config.data.min_range, config.data.deskew = FAREST_M, 0.1, False
    config.mapping.voxel_size = VOXEL_RATIO * float(np.nanmedian(_measured(samples[0])))
    odometry = KissICP(config)
    seconds, poses = [], []
    for sample in samples:
        cloud = unproject(_measured(sample), _intrinsics(sample)).reshape(-1, 3)
        cloud = cloud[np.isfinite(cloud).all(1)].astype(np.float64)
        start = time.perf_counter()
        odometry.register_frame(cloud, np.empty(0))
        seconds.append(time.perf_counter() - start)
        poses.append(odometry.last_pose.copy())
    return Run(seconds, np.stack(poses))


def opencv(samples: list[Sample]) -> Run:
    """OpenCV's RGB-D odometry from frame to frame."""
    if not hasattr(cv2, "rgbd"):
        raise NotHere(f"OpenCV {cv2.__version__} is built without its contributed modules")
    seconds, poses, before = [], [np.eye(4)], None
    for sample in samples:
        grey = cv2.cvtColor(sample.image, cv2.COLOR_RGB2GRAY)
        depth = _measured(sample).astype(np.float32)
        mask = (np.isfinite(depth) * 255).astype(np.uint8)
        start = time.perf_counter()
        if before is not None:
            odometry = cv2.rgbd.RgbdOdometry_create(_intrinsics(sample), 0.1, FAREST_M)
            found, motion = odometry.compute(*before, grey, depth, mask)
            poses.append(poses[-1] @ np.linalg.inv(motion) if found else poses[-1])
        seconds.append(time.perf_counter() - start)
        before = (grey, depth, mask)
    return Run(seconds, np.stack(poses))


def depth_network(path: Path) -> Callable[[list[Sample]], Run]:
    """Somebody's depth network, frame by frame."""

    def run(samples: list[Sample]) -> Run:
        network = DepthNetwork(path, threads=1)
        seconds, depth = [], []
        for sample in samples:
            start = time.perf_counter()
            said = network(sample.image)
            seconds.append(time.perf_counter() - start)
            if network.description.output == "inverse":
                with np.errstate(divide="ignore"):
                    said = np.where(said > 0, 1 / said, np.nan)
            height, width = sample.image.shape[:2]
            depth.append(cv2.resize(said, (width, height)))
        return Run(seconds, depth=depth)

    return run


def _measured(sample: Sample) -> np.ndarray:
    assert sample.depth is not None, "the recording has no depth"
    depth: np.ndarray = np.where(sample.depth > 0, sample.depth, np.nan)
    return depth


def _intrinsics(sample: Sample) -> np.ndarray:
    assert sample.intrinsics is not None, "the recording has no intrinsics"
    return sample.intrinsics.astype(np.float64)


def row(name: str, run: Run, samples: list[Sample], ours_s: float) -> str:
    """A line of the table."""
    median = statistics.median(run.seconds[1:])
    ate = abs_rel = "-"
    if run.poses is not None and all(sample.camera_to_world is not None for sample in samples):
        true = np.stack([sample.camera_to_world for sample in samples])  # type: ignore[misc]
        errors = trajectory_errors(run.poses, true)
        ate = f"{errors.ate_m:.3f} m, {errors.ate_m / errors.path_m:.2%}"
    if run.depth is not None:
        abs_rel = f"{_abs_rel(run.depth, samples):.3f}"
    return f"| {name} | {1e3 * median:.1f} ms | {median / ours_s:.2f} | {ate} | {abs_rel} |"


def _abs_rel(depth: list[np.ndarray], samples: list[Sample]) -> float:
    frames: list[DepthPixels] = [
        valid_pixels(said, _measured(sample), max_depth_m=FAREST_M)
        for said, sample in zip(depth, samples, strict=True)
    ]
    return depth_errors(frames, scale_alignment(frames)).abs_rel


def runs(options: argparse.Namespace, samples: list[Sample]) -> Iterator[tuple[str, Run]]:
    """Ours, then each peer that can be run; says which cannot."""
    peers: dict[str, Callable[[list[Sample]], Run]] = {
        "mem4d_ros, images alone": ours,
        "KISS-ICP, measured depth": kiss_icp,
        "OpenCV RGB-D, measured depth": opencv,
    }
    if options.depth_network:
        peers[options.depth_network.stem] = depth_network(options.depth_network)
    for name, run in peers.items():
        try:
            yield name, run(samples)
        except NotHere as error:
            print(f"{name}: not run: {error}")


def main() -> None:
    """Run all on one core, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dataset", required=True)
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--frames", type=int, help="at most so many")
    parser.add_argument("--depth-network", type=Path, help="ONNX file, with its YAML beside it")
    options = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    samples = list(open_dataset(options.dataset, options.root)[0])[: options.frames]
    table, ours_s = [], None
    for name, run in runs(options, samples):
        ours_s = ours_s or statistics.median(run.seconds[1:])
        table.append(row(name, run, samples, ours_s))
    print("| | a frame | by ours | ATE, of the path | AbsRel |\n|---|---|---|---|---|")
    print("\n".join(table))


if __name__ == "__main__":
    main()
