"""How often, how well and how fast single frames find their place in a map that was saved.

    python bench/relocalisation.py --dataset 7scenes --root FOLDER [--strangers FOLDER ...]

One process maps every other frame and saves the map. Another one loads it and asks for frames of
the second half that were not mapped, each alone. Where a frame should be, in the map's own frame:
where the frame before it lies, which hangs on its keyframe, moved by the true motion between the
two in the map's scale (that of its keyframes by the true ones). The distance from the truth itself,
after the one similarity that brings the keyframes closest to theirs, is printed beside it.
Strangers are recordings of other places, none of whose frames may be found.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np
import torch

from mem4d_ros.datasets import Recording, Sample, open_dataset
from mem4d_ros.geometry import Similarity, align_similarity, rigid_inverse
from mem4d_ros.mapping import Estimate, Localiser, Map, StoredMap, load_map, save_map
from mem4d_ros.mapping.rotations import angle_between
from mem4d_ros.runtime import OnlineReconstructor
from mem4d_ros.runtime.loading import load_network
from mem4d_ros.runtime.pose_sources import GeometryPose

NEAR_M, NEAR_RATIO, NEAR_DEG = 0.05, 0.02, 2.0
"""A frame counts as found within so much: in metres or by the distance of what it sees."""
WRONG_M = 0.3
STRANGE_FRAMES = 50
FACTS = "facts.json"


def make_map(recording: Recording, folder: Path) -> None:
    """Map the even frames; write the map, and where they lie in it."""
    network = load_network("", "lite", "cpu", "fp32")
    source, config = GeometryPose(), network.model.config
    online = OnlineReconstructor(
        network.model, config.image_size, config.memory, pose_source=source
    )
    hangs_on: dict[int, tuple[int, np.ndarray]] = {}  # by frame: keyframe, pose in its frame
    frame_of: dict[int, int] = {}  # by keyframe
    for index in range(0, len(recording), 2):
        sample = recording[index]
        pose = online.process(sample.image, index, sample.intrinsics).camera_to_world
        newest = source.map.newest
        if newest.number not in frame_of:  # the frame is the keyframe, and adjusted by now
            frame_of[newest.number], pose = index, newest.camera_to_world
        hangs_on[index] = newest.number, rigid_inverse(newest.camera_to_world) @ pose
    world = source.map
    poses = {
        index: (world.keyframes[number].camera_to_world @ relative).tolist()
        for index, (number, relative) in hangs_on.items()
        if number in world.keyframes
    }
    kept = [number for number in world.keyframes if number in frame_of]
    own = np.array([world.keyframes[number].camera_to_world[:3, 3] for number in kept])
    true = np.array([_pose(recording[frame_of[number]])[:3, 3] for number in kept])
    save_map(folder, online.poses.stored_map())
    to_truth = align_similarity(own, true)
    facts = {
        "poses": poses,
        "scale": to_truth.scale,
        "rotation": to_truth.rotation.tolist(),
        "translation": to_truth.translation.tolist(),
    }
    (folder.parent / FACTS).write_text(json.dumps(facts))


def ask_all(recording: Recording, folder: Path, count: int, strangers: list[Path]) -> None:
    """Load the map and print what became of each question."""
    stored = load_map(folder)
    facts = json.loads((folder.parent / FACTS).read_text())
    to_truth = Similarity(
        facts["scale"], np.array(facts["rotation"]), np.array(facts["translation"])
    )
    asked = [i for i in range(len(recording) // 2, len(recording)) if str(i - 1) in facts["poses"]]
    asked = [i for i in asked if i % 2]
    chosen = np.sort(np.random.default_rng(0).permutation(asked)[:count])
    errors, times, from_truth = [], [], []
    for index in chosen.tolist():
        before, sample = recording[index - 1], recording[index]
        motion = rigid_inverse(_pose(before)) @ _pose(sample)
        motion[:3, 3] /= to_truth.scale
        expected = np.array(facts["poses"][str(index - 1)]) @ motion
        estimate, seconds = ask(stored, sample)
        times.append(1e3 * seconds)
        if estimate.measured:
            found = to_truth.apply(estimate.camera_to_world[:3, 3])
            from_truth.append(100 * np.linalg.norm(found - _pose(sample)[:3, 3]))
        errors.append(_errors(estimate, expected, sample))
    _report(stored.world, np.array(errors), np.array(times), folder)
    print(
        f"  from the truth: median {np.median(from_truth):.1f} cm, largest {max(from_truth):.1f} cm"
    )
    height, width = stored.camera.height, stored.camera.width
    for root in strangers:
        other = open_dataset("7scenes", root)[0]
        frames = np.unique(np.linspace(0, len(other) - 1, STRANGE_FRAMES).astype(int)).tolist()
        images = (cv2.resize(other[index].image, (width, height)) for index in frames)
        found = sum(ask(stored, Sample("", image))[0].measured for image in images)
        print(f"  of {len(frames)} frames of {root.name}: {found} found")


def ask(stored: StoredMap, sample: Sample) -> tuple[Estimate, float]:
    """Where a frame is, asked of nothing but the map; and the seconds of CPU that it took."""
    intrinsics = stored.camera.intrinsics if sample.intrinsics is None else sample.intrinsics
    grey = cv2.cvtColor(sample.image, cv2.COLOR_RGB2GRAY)
    start = time.thread_time()
    estimate = Localiser(stored.world).locate(grey, intrinsics)
    return estimate, time.thread_time() - start


def _errors(estimate: Estimate, expected: np.ndarray, sample: Sample) -> tuple[float, float, float]:
    """Metres and degrees off, NaN where it was not found; how many metres off would be right."""
    distance = 0.0 if sample.depth is None else float(np.nanmedian(sample.depth))
    near = max(NEAR_M, NEAR_RATIO * distance)
    if not estimate.measured:
        return np.nan, np.nan, near
    found = estimate.camera_to_world
    turn = angle_between(found[:3, :3], expected[:3, :3])
    return float(np.linalg.norm(found[:3, 3] - expected[:3, 3])), float(np.rad2deg(turn)), near


def _report(world: Map, errors: np.ndarray, times: np.ndarray, folder: Path) -> None:
    metres, degrees, near = errors.T
    right = (metres <= near) & (degrees <= NEAR_DEG)
    size = sum(path.stat().st_size for path in folder.iterdir()) / 1e6
    print(
        f"{len(world.keyframes)} keyframes, {size:.0f} MB; of {len(errors)} frames"
        f" {np.isfinite(metres).sum()} found, {right.mean():.0%} right,"
        f" {(metres > WRONG_M).sum()} wrong by more than {WRONG_M} m;"
        f" median {100 * np.nanmedian(metres):.1f} cm, {np.nanmedian(degrees):.2f} degrees;"
        f" {np.median(times):.0f} ms, 95 % {np.percentile(times, 95):.0f} ms"
    )


def _pose(sample: Sample) -> np.ndarray:
    assert sample.camera_to_world is not None, f"{sample.name} has no true pose"
    return sample.camera_to_world


def main() -> None:
    """Map in one process, ask in another."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dataset", required=True)
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--count", type=int, default=50, help="frames that are asked for")
    parser.add_argument("--strangers", type=Path, nargs="*", default=[], metavar="FOLDER")
    parser.add_argument("--map", type=Path, help="one that an earlier run has made, to ask of it")
    options = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    recording = open_dataset(options.dataset, options.root)[0]
    if options.map is not None and options.map.exists():
        ask_all(recording, options.map, options.count, options.strangers)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = options.map or Path(folder) / "bench.map"
        path.parent.mkdir(parents=True, exist_ok=True)
        make_map(recording, path)
        subprocess.run([sys.executable, __file__, *sys.argv[1:], "--map", str(path)], check=True)


if __name__ == "__main__":
    main()
