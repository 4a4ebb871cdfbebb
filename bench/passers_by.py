"""People who walk through a real recording, before its camera: a recording that `mem4d eval` reads.

    python -m mem4d_ros.synthetic.meshes.pack MESHES out/meshes
    python bench/passers_by.py --dataset 7scenes --root FOLDER --meshes out/meshes --out out/people
    mem4d eval pose --dataset 7scenes --root out/people --known-intrinsics --pose-source geometry

Rendered people go to and fro across the view, in the world of the recording's poses, and are seen
where the recording shows nothing nearer. Poses stay as they are, so that what people cost can be
told by the recording without them.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from recording_files import write_frame, write_intrinsics
from scipy.ndimage import gaussian_filter1d

from mem4d_ros.datasets import Sample, open_dataset
from mem4d_ros.geometry import pose_from_rotation
from mem4d_ros.synthetic.meshes.catalogue import PEOPLE
from mem4d_ros.synthetic.meshes.film import Frame, View, take
from mem4d_ros.synthetic.meshes.folder import load_object
from mem4d_ros.synthetic.meshes.lights import Lights, lamp_samples, light_up, warm
from mem4d_ros.synthetic.meshes.placement import Placed, standing
from mem4d_ros.synthetic.meshes.plan import Movers
from mem4d_ros.synthetic.meshes.shading import Stage

SPEED = 0.9  # m/s
DISTANCES = (1.0, 2.2)  # m ahead of the mean camera
HALF_WAY = 0.7  # of the distance, how far aside of the middle of the view they turn round
TURNING = 0.3  # s
EYE_LEVEL = 1.5  # m
GAMMA = 2.2


def upright_world(poses: np.ndarray) -> np.ndarray:
    """world_to_upright (4, 4), of camera_to_world (T, 4, 4) of a camera held upright on the whole.

    z is up, x where the camera looks, and the mean camera is EYE_LEVEL above the origin.
    """
    up = -poses[:, :3, 1].mean(0)
    up /= np.linalg.norm(up)
    ahead = poses[:, :3, 2].mean(0)
    ahead -= up * (up @ ahead)
    ahead /= np.linalg.norm(ahead)
    rotation = np.stack((ahead, np.cross(up, ahead), up))
    return pose_from_rotation(
        rotation, np.array([0, 0, EYE_LEVEL]) - rotation @ poses[:, :3, 3].mean(0)
    )


def draw_people(meshes: Path, count: int, seconds: np.ndarray, rng: np.random.Generator) -> Movers:
    """People who go to and fro across the view of an upright world, at times (T,)."""
    people = []
    for name in rng.choice(PEOPLE, count, replace=count > len(PEOPLE)):
        distance = rng.uniform(*DISTANCES)
        half = HALF_WAY * distance
        phase = rng.uniform(0, 4 * half) + SPEED * seconds
        aside = abs(phase % (4 * half) - 2 * half) - half  # (T,)
        aside = gaussian_filter1d(aside, TURNING / np.diff(seconds).mean(), mode="nearest")
        track = np.stack((np.full(len(aside), distance), aside, np.zeros(len(aside))), -1)
        mesh = load_object(meshes, str(name))
        people.append(Placed(mesh, standing(mesh, track, SPEED, rng)))
    return Movers.of(people, rng)


def room_light(rng: np.random.Generator) -> Lights:
    """A lamp above the camera, and light from all around."""
    lamp = lamp_samples(np.array([0.3, 0.0, 2.4]), 0.3, 4)
    grey = np.full((32, 64, 3), 0.3, np.float32)
    return light_up([(lamp, 2.0 * warm(rng.uniform(-0.3, 1)), False)], grey, np.full(3, 0.25))


def with_people(sample: Sample, seen: Frame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Image (H, W, 3) uint8 and depth (H, W) in m of the recording with people, and where they are.

    Where the recording's depth is unknown, people are in front.
    """
    assert sample.depth is not None
    shown = np.isfinite(seen.depth) & ~(sample.depth <= seen.depth)  # NaN is unknown
    people = (255 * np.clip(seen.radiance, 0, 1) ** (1 / GAMMA)).astype(np.uint8)
    return (
        np.where(shown[..., None], people, sample.image),
        np.where(shown, seen.depth, sample.depth),
        shown,
    )


def main() -> None:
    """Read, add people, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dataset", required=True)
    parser.add_argument("--root", type=Path, required=True, help="with depth and poses")
    parser.add_argument("--meshes", type=Path, required=True, help="folder of packed scenes")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--people", type=int, default=2)
    parser.add_argument("--rate", type=float, default=10.0, help="Hz, of the recording")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    recording = open_dataset(options.dataset, options.root)[0]
    poses = np.stack([sample.camera_to_world for sample in recording])
    rng = np.random.default_rng(options.seed)
    to_upright = upright_world(poses)
    movers = draw_people(options.meshes, options.people, np.arange(len(poses)) / options.rate, rng)
    lights = room_light(rng)
    folder = options.out / "seq-01"
    folder.mkdir(parents=True, exist_ok=True)
    shares = []
    for index, sample in enumerate(recording):
        stage = Stage((movers.bodies.layer(movers.poses[index]),), (movers.look,), lights)
        view = View(to_upright @ poses[index], sample.intrinsics, sample.image.shape[:2])
        image, depth, shown = with_people(sample, take(stage, view))
        shares.append(shown.mean())
        write_frame(folder, index, image, depth, poses[index])
    write_intrinsics(folder, recording[0].intrinsics)
    print(
        f"{len(poses)} frames in {folder}; people take {np.mean(shares):.0%} of an image, "
        f"{np.max(shares):.0%} at most"
    )


if __name__ == "__main__":
    main()
