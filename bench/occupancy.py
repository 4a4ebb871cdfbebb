"""How right the map to plan in is: its cells against those of the true depth and poses.

    python bench/occupancy.py --dataset 7scenes --root FOLDER [--picture FILE]

Both maps are made in the same way, over the true floor; the estimated one, whose voxels are as
large as its own metres say, after the one similarity that brings the camera's path closest to the
true one. What is taken to move is in neither. An obstacle within two cells of a true one is right.
Where the camera itself went nothing stands, unless it was carried over a table.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from circuit import Path3D

from mem4d_ros.datasets import Recording, Sample, open_dataset
from mem4d_ros.geometry import (
    BODY_FROM_OPTICAL,
    Similarity,
    align_similarity,
    rigid_inverse,
    transform_points,
    unproject,
)
from mem4d_ros.runtime import Reconstruction
from mem4d_ros.runtime.loading import load_network
from mem4d_ros.runtime.occupancy import (
    FREE,
    OCCUPIED,
    UNKNOWN,
    Grid,
    OccupancySettings,
    find_floor,
    make_grid,
    sight_of,
)
from mem4d_ros.runtime.scene import Scene
from mem4d_ros.runtime.static_map import StaticMapSettings

SETTINGS = OccupancySettings()
NEAR_CELLS = 2
TRUE_CONFIDENCE = 10.0
GREYS = {FREE: 255, UNKNOWN: 150, OCCUPIED: 0}


def grid_of(scene: Scene, floor_from_scene: np.ndarray) -> Grid:
    """The cells over a floor of true metres, of a scene whose similarity to it is (4, 4)."""
    points, views = scene.points_and_views()
    positions = transform_points(floor_from_scene, points.positions.astype(np.float64))
    sights = [sight_of(view, floor_from_scene, SETTINGS) for view in views]
    return make_grid(positions, sights, np.eye(4), SETTINGS)


@dataclass(frozen=True)
class Comparison:
    """Shares of cells, and of the camera's way."""

    found: float  # of true obstacles, those that the map has
    called_free: float  # of true obstacles
    free: float  # of what is truly free, those that are free in the map
    false: float  # of what is truly free, those that are obstacles, none near
    blocked: float  # of the camera's way in metres, on an obstacle
    truly_blocked: float  # the same in the true map

    def __str__(self) -> str:
        return (
            f"obstacles: {self.found:.0%} found, {self.called_free:.1%} called free; of free"
            f" space {self.free:.0%} found, {self.false:.1%} an obstacle; of the camera's own way"
            f" {self.blocked:.1%} blocked (in truth {self.truly_blocked:.1%})"
        )


def true_frame(frame: Reconstruction, sample: Sample) -> Reconstruction:
    """What the frame would be if the network and the odometry knew the truth."""
    if sample.depth is None or sample.camera_to_world is None:
        raise SystemExit(f"frame {sample.name} has no true depth and pose: nothing to compare with")
    depth = sample.depth[np.ix_(*frame.input_transform.nearest_input_pixels())]
    points = unproject(depth, frame.intrinsics).astype(np.float32)
    known = np.isfinite(depth) & (depth > 0)
    confidence = np.where(known, TRUE_CONFIDENCE, 0).astype(np.float32)
    return replace(
        frame,
        points_world=transform_points(sample.camera_to_world, points).astype(np.float32),
        points_camera=points,
        depth=np.where(known, depth, np.nan).astype(np.float32),
        confidence_world=confidence,
        confidence_camera=confidence,
        camera_to_world=sample.camera_to_world,
        pose_measured=True,
        correction=None,
    )


def mapped(recording: Recording) -> tuple[Scene, Scene, np.ndarray, Similarity]:
    """The map as it is, the true one, the camera's way (N, 3) in truth, and the way to truth."""
    reconstructor = load_network("", "lite", "cpu", "fp32").reconstructor("geometry")
    estimated, path = Scene(StaticMapSettings()), Path3D()
    true = Scene(replace(StaticMapSettings(), max_voxels=5_000_000))
    way, is_measured = [], []
    for index in range(len(recording)):
        sample = recording[index]
        frame = reconstructor.process(sample.image, index, sample.intrinsics)
        moving = estimated.add(frame)
        path.add(frame.camera_to_world, frame.keyframe, frame.correction)
        is_measured.append(frame.pose_measured)
        known = true_frame(frame, sample)
        true.integrate(known, moving)
        way.append(known.camera_to_world[:3, 3])
    own, truth = path.now.poses[is_measured, :3, 3], np.array(way)
    return estimated, true, truth, align_similarity(own, truth[is_measured])


def compare(grid: Grid, true: Grid, way: np.ndarray) -> tuple[Comparison, np.ndarray, np.ndarray]:
    """The shares, and the cells of both, which are of one extent. way: (N, 2), of the floor."""
    origin = np.minimum(grid.origin, true.origin)
    cells, true_cells = (_placed(part, origin, (grid, true)) for part in (grid, true))
    side = np.ones((2 * NEAR_CELLS + 1,) * 2, np.uint8)
    near, near_true = (
        cv2.dilate((part == OCCUPIED).astype(np.uint8), side) > 0 for part in (cells, true_cells)
    )
    obstacles, space = true_cells == OCCUPIED, true_cells == FREE
    steps = np.linalg.norm(np.diff(way, axis=0), axis=-1)
    columns, rows = np.floor((way[1:] - origin) / grid.resolution_m).astype(int).T
    inside = (rows >= 0) & (rows < len(cells)) & (columns >= 0) & (columns < cells.shape[1])
    steps_inside, on_way = steps[inside], (rows[inside], columns[inside])
    shares = Comparison(
        found=float(near[obstacles].mean()),
        called_free=float(((cells == FREE) & ~near)[obstacles].mean()),
        free=float((cells == FREE)[space].mean()),
        false=float(((cells == OCCUPIED) & ~near_true)[space].mean()),
        blocked=float(steps_inside @ (cells == OCCUPIED)[on_way] / steps.sum()),
        truly_blocked=float(steps_inside @ (true_cells == OCCUPIED)[on_way] / steps.sum()),
    )
    return shares, cells, true_cells


def _placed(grid: Grid, origin: np.ndarray, both: tuple[Grid, Grid]) -> np.ndarray:
    """Its cells (H, W) in the extent of both."""
    ends = [part.origin + np.array(part.cells.shape[::-1]) * grid.resolution_m for part in both]
    width, height = np.rint((np.maximum(*ends) - origin) / grid.resolution_m).astype(int)
    column, row = np.rint((grid.origin - origin) / grid.resolution_m).astype(int)
    cells = np.full((height, width), UNKNOWN, np.int8)
    cells[row : row + grid.cells.shape[0], column : column + grid.cells.shape[1]] = grid.cells
    return cells


def main() -> None:
    """Print the shares, and write both maps beside each other, the true one on the left."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dataset", required=True)
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--picture", type=Path)
    options = parser.parse_args()
    recording = open_dataset(options.dataset, options.root)[0]
    estimated, true, way, to_truth = mapped(recording)
    print(f"{recording.name}: a metre of the map is {to_truth.scale:.2f} true ones")
    points, views = true.points_and_views()
    floor = find_floor(
        transform_points(BODY_FROM_OPTICAL, points.positions.astype(np.float64)),
        BODY_FROM_OPTICAL @ np.array([view.camera_to_world for view in views]),
        up_known=False,
    )
    if floor is None:
        raise SystemExit(f"{options.root}: no floor was found below the camera")
    floor_from_truth = rigid_inverse(floor) @ BODY_FROM_OPTICAL
    truth_from_world = np.eye(4)
    truth_from_world[:3, :3] = to_truth.scale * to_truth.rotation
    truth_from_world[:3, 3] = to_truth.translation
    shares, cells, true_cells = compare(
        grid_of(estimated, floor_from_truth @ truth_from_world),
        grid_of(true, floor_from_truth),
        transform_points(floor_from_truth, way)[:, :2],
    )
    print(shares)
    if options.picture is not None:
        beside = np.concatenate((true_cells, cells), axis=1)[::-1]
        picture = np.vectorize(GREYS.__getitem__, otypes=[np.uint8])(beside)
        cv2.imwrite(str(options.picture), np.repeat(np.repeat(picture, 2, 0), 2, 1))


if __name__ == "__main__":
    main()
