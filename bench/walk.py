"""A walk through the corridors of a mesh scene, as a recording that `mem4d eval` reads.

    python -m mem4d_ros.synthetic.meshes.pack MESHES out/meshes
    python bench/walk.py --meshes out/meshes --place aws_hospital --out out/walk
    mem4d eval pose --dataset 7scenes --root out/walk --known-intrinsics --pose-source geometry

The way is the longest of the shortest ones between places where a person can walk, at eye level,
cut to --metres, at 1 m/s and 15 Hz, with steps and a head that looks about. Nothing else moves, but
for --people, who go the same way: every second one ahead of the camera, the others towards it.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from recording_files import write_frame, write_intrinsics
from scipy.ndimage import gaussian_filter1d
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components, dijkstra

from mem4d_ros.synthetic.meshes.cameras import pose, smooth_noise
from mem4d_ros.synthetic.meshes.catalogue import PEOPLE, PLACES, Place, place
from mem4d_ros.synthetic.meshes.folder import draw_sky, load_object, load_papers, place_layer
from mem4d_ros.synthetic.meshes.free_space import UP, distances, floors, roomy
from mem4d_ros.synthetic.meshes.lighting import draw_lights
from mem4d_ros.synthetic.meshes.looks import Variety, draw_look
from mem4d_ros.synthetic.meshes.placement import Placed, standing
from mem4d_ros.synthetic.meshes.plan import Movers, Plan
from mem4d_ros.synthetic.meshes.sequence import MeshSequence, film_plan
from mem4d_ros.synthetic.meshes.tracing import Layer
from mem4d_ros.synthetic.rendering.camera_effects import CameraEffects

EYE_LEVEL = 1.5  # m over the floor
CELL = 0.25  # m
CLEARANCE = 0.4  # m
STEP = 1 / 15  # m from frame to frame
CORNER = 0.5  # m, standard deviation by which the way is smoothed
AHEAD = 1.0  # m, what the walker looks towards
NEIGHBOURS = ((1, 0), (0, 1), (1, 1), (1, -1))
AHEAD_OF_CAMERA = (1.2, 2.0)  # m, how far a person who goes with the camera is ahead
BESIDE_CAMERA = 0.55  # m, how far aside people are who come towards it
FIELD_OF_VIEW = 68.0  # degrees across the width
FRAMES_AT_ONCE = 32


def walkable(layer: Layer, where: Place) -> tuple[np.ndarray, np.ndarray]:
    """Cells (n, 2) of a grid in which a person can be, and eye positions (n, 3) there."""
    spans = [np.arange(where.low[axis], where.high[axis], CELL) for axis in range(2)]
    cells = np.stack(np.meshgrid(*map(np.arange, map(len, spans)), indexing="ij"), -1).reshape(
        -1, 2
    )
    points = np.zeros((len(cells), 3))
    points[:, :2] = np.array(where.low[:2]) + CELL * cells
    points[:, 2] = EYE_LEVEL
    floor = floors([layer], points)
    points[:, 2] = floor + EYE_LEVEL
    usable = (np.abs(floor) < 0.3) & np.isfinite(distances([layer], points, UP[None]))[:, 0]
    usable[usable] = roomy([layer], points[usable], CLEARANCE)
    return cells[usable], points[usable]


def longest_way(cells: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Positions (n, 3) from a cell to the farthest from it that can be reached, twice over."""
    index = {tuple(cell): number for number, cell in enumerate(cells.tolist())}
    pairs = [
        (number, index[there])
        for (x, y), number in index.items()
        for dx, dy in NEIGHBOURS
        if (there := (x + dx, y + dy)) in index
    ]
    first, second = np.array(pairs).T
    length = np.linalg.norm(points[first] - points[second], axis=-1)
    graph = coo_matrix((length, (first, second)), (len(points), len(points)))
    part = connected_components(graph, directed=False)[1]
    start, _ = _farthest(graph, int(np.argmax(part == np.bincount(part).argmax())))
    end, before = _farthest(graph, start)
    way = [end]
    while way[-1] != start:
        way.append(int(before[way[-1]]))
    return points[way]


def _farthest(graph: coo_matrix, start: int) -> tuple[int, np.ndarray]:
    """The farthest cell that can be reached, and from where each is."""
    length, before = dijkstra(graph, directed=False, indices=start, return_predecessors=True)
    return int(np.where(np.isfinite(length), length, -1).argmax()), before


def camera_path(way: np.ndarray, metres: float, rng: np.random.Generator) -> np.ndarray:
    """camera_to_world (T, 4, 4) along a way (n, 3)."""
    along = np.append(0, np.cumsum(np.linalg.norm(np.diff(way, axis=0), axis=-1)))
    fine = np.arange(0, along[-1], STEP)
    track = np.stack([np.interp(fine, along, way[:, axis]) for axis in range(3)], -1)
    track = gaussian_filter1d(track, CORNER / STEP, axis=0, mode="nearest")
    track = track[: round((metres + AHEAD) / STEP)]
    look = round(AHEAD / STEP)
    towards = track[look:] - track[:-look]
    positions = track[:-look].copy()
    frames = len(positions)
    stride = np.sin(2 * np.pi * 1.8 * np.arange(frames) / 15)
    positions[:, 2] += 0.02 * stride
    yaw = np.unwrap(np.arctan2(towards[:, 1], towards[:, 0])) + 0.15 * smooth_noise(frames, rng)
    pitch = -0.1 + 0.08 * smooth_noise(frames, rng) + 0.005 * stride
    roll = 0.02 * smooth_noise(frames, rng)
    return np.stack(
        [pose(*arguments) for arguments in zip(positions, yaw, pitch, roll, strict=True)]
    )


def draw_people(meshes: Path, path: np.ndarray, count: int, rng: np.random.Generator) -> Movers:
    """People who go along a camera's path (T, 4, 4), ahead of it and towards it in turn."""
    frames = np.arange(len(path) + 1)
    floor = path[:, :3, 3] - np.array([0, 0, EYE_LEVEL])
    floor[:, 2] = np.median(floor[:, 2])
    people = []
    for number, name in enumerate(rng.choice(PEOPLE, count, replace=count > len(PEOPLE))):
        if number % 2 == 0:
            ahead = rng.uniform(*AHEAD_OF_CAMERA) + 0.3 * smooth_noise(len(frames), rng)
            at, aside = frames + ahead / STEP, 0.25 * smooth_noise(len(frames), rng)
        else:
            met = rng.uniform(0, len(path))
            at = 2 * met - frames
            aside = np.full(len(frames), BESIDE_CAMERA * rng.choice((-1, 1)))
        mesh = load_object(meshes, str(name))
        people.append(Placed(mesh, standing(mesh, _beside(floor, at, aside), STEP, rng)))
    return Movers.of(people, rng)


def _beside(way: np.ndarray, at: np.ndarray, aside: np.ndarray) -> np.ndarray:
    """Positions (n, 3) at fractional frames (n,) of a way (T, 3), moved to its left by (n,) m.

    Beyond its ends the way goes straight on.
    """
    inside = np.clip(at, 1, len(way) - 2)
    before, here, after = (
        np.stack([np.interp(inside + step, range(len(way)), axis) for axis in way.T], -1)
        for step in (-1, 0, 1)
    )
    step = 0.5 * (after - before)
    length = np.linalg.norm(step[:, :2], axis=-1)
    left = np.stack((-step[:, 1], step[:, 0], np.zeros(len(at))), -1) / length[:, None]
    return here + (at - inside)[:, None] * step + aside[:, None] * left


def make_plan(
    meshes: Path,
    where: Place,
    path: np.ndarray,
    size: tuple[int, int],
    people: int,
    rng: np.random.Generator,
) -> Plan:
    """The walk through the place as its mesh is."""
    layer = place_layer(meshes, where)
    height, width = size
    focal = 0.5 * width / np.tan(0.5 * np.radians(FIELD_OF_VIEW))
    plain = Variety(bareness=0.0, painted=0.0, papered=(0.0, 0.0), tint=0.0)
    return Plan(
        place=where,
        camera_to_world=path,
        intrinsics=np.array([[focal, 0, (width - 1) / 2], [0, focal, (height - 1) / 2], [0, 0, 1]]),
        still=(layer,),
        still_looks=(draw_look(layer.mesh, plain, rng, load_papers(meshes)),),
        movers=draw_people(meshes, path, people, rng) if people else None,
        lights=draw_lights([layer], where, path, draw_sky(meshes, rng), rng),
        effects=CameraEffects(shutter=0.2, shot_noise=0.01, read_noise=0.003, jpeg_quality=90),
    )


def part_of(plan: Plan, first: int) -> Plan:
    """FRAMES_AT_ONCE of its frames."""
    end, movers = first + FRAMES_AT_ONCE, plan.movers
    if movers is not None:
        movers = replace(movers, poses=movers.poses[first : end + 1], moves=movers.moves[first:end])
    return replace(plan, camera_to_world=plan.camera_to_world[first:end], movers=movers)


def write(sequence: MeshSequence, poses: np.ndarray, first: int, folder: Path) -> None:
    """Frames from number `first` on in 7-Scenes' layout; poses (T, 4, 4) in the walk's world."""
    write_intrinsics(folder, sequence.intrinsics)
    for index, (image, depth, camera) in enumerate(
        zip(sequence.images, sequence.depth, poses, strict=True)
    ):
        write_frame(folder, first + index, image.transpose(1, 2, 0), depth, camera)


def main() -> None:
    """Find a way, and render it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--meshes", type=Path, required=True, help="folder of packed scenes")
    parser.add_argument(
        "--place",
        choices=[entry.name for entry in PLACES if not entry.outdoor],
        default="aws_hospital",
    )
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--metres", type=float, default=30.0)
    parser.add_argument("--people", type=int, default=0)
    parser.add_argument("--size", type=int, nargs=2, default=(320, 240), metavar=("W", "H"))
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    torch.set_num_threads(1)
    rng = np.random.default_rng(options.seed)
    where = place(options.place)
    cells, points = walkable(place_layer(options.meshes, where), where)
    path = camera_path(longest_way(cells, points), options.metres, rng)
    width, height = options.size
    plan = make_plan(options.meshes, where, path, (height, width), options.people, rng)
    folder = options.out / "seq-01"
    folder.mkdir(parents=True, exist_ok=True)
    for first in range(0, len(path), FRAMES_AT_ONCE):
        part = part_of(plan, first)
        filmed = film_plan(part, (height, width), options.seed + first)
        write(filmed, part.camera_to_world, first, folder)
    way = np.linalg.norm(np.diff(path[:, :3, 3], axis=0), axis=-1).sum()
    print(f"{len(path)} frames, {way:.1f} m, in {folder}")


if __name__ == "__main__":
    main()
