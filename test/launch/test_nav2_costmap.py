"""Nav2's voxel layer, as documented, makes the right map of a corridor from what the node sends.

The layer's rule is written down here once more, from Nav2's documentation and in a simple way:
heights are filtered by source, rays clear from the sensor up to two cells before their end, then
points mark, and a column of voxels makes a cell of the costmap.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml
from corridors import Box
from reconstructions import reconstruction_of

from mem4d_ros.geometry import pixel_rays, transform_points
from mem4d_ros.runtime import PointFilter, select_points

CONFIG = yaml.safe_load((Path(__file__).parents[2] / "config" / "nav2_costmap.yaml").read_text())[
    "local_costmap"
]["local_costmap"]["ros__parameters"]
LAYER = CONFIG["voxel_layer"]
SOURCES = {name: LAYER[name] for name in LAYER["observation_sources"].split()}

UNKNOWN, FREE, LETHAL = -1, 0, 100

BODY_FROM_OPTICAL = np.array(
    [[0.0, 0.0, 1.0, 0.0], [-1.0, 0.0, 0.0, 0.0], [0.0, -1.0, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0]]
)
CAMERA_HEIGHT_M = 0.6
INTRINSICS = np.array([[120.0, 0.0, 79.5], [0.0, 120.0, 59.5], [0.0, 0.0, 1.0]])
SIZE = (120, 160)

HALF_WIDTH_M, END_M = 1.0, 7.0
CORRIDOR = (
    Box((-1, -9, -0.5), (9, 9, 0.0)),  # floor
    Box((-1, -9, 2.5), (9, 9, 3.0)),  # ceiling
    Box((-1, HALF_WIDTH_M, 0), (9, HALF_WIDTH_M + 0.2, 2.5)),
    Box((-1, -HALF_WIDTH_M - 0.2, 0), (9, -HALF_WIDTH_M, 2.5)),
    Box((END_M, -1, 0), (END_M + 0.2, 1, 2.5)),
)
CRATE = Box((3.0, 0.2, 0.0), (3.4, 0.7, 0.5))


def odom_from_camera(x: float) -> np.ndarray:
    pose = BODY_FROM_OPTICAL.copy()
    pose[:3, 3] = x, 0.0, CAMERA_HEIGHT_M
    return pose


def cloud_from(x: float, boxes: tuple[Box, ...], depth_error: float = 0.0) -> np.ndarray:
    """Points (N, 3) of ~/points_camera at this place of the corridor."""
    pose = odom_from_camera(x)
    rays = pixel_rays(INTRINSICS, *SIZE).reshape(-1, 3)
    directions = rays @ pose[:3, :3].T
    directions[directions == 0] = 1e-12
    depth = np.min([box.distances(pose[:3, 3], directions) for box in boxes], axis=0)
    depth[np.isinf(depth)] = np.nan
    noise = np.random.default_rng(0).normal(1, depth_error, depth.shape)
    frame = reconstruction_of(0, (depth * noise).reshape(SIZE), np.eye(4), INTRINSICS)
    cloud = select_points(
        frame.points_camera,
        frame.confidence_camera,
        frame.image,
        np.zeros(3),
        PointFilter(stride=2),
    )
    return cloud.positions


class VoxelLayer:
    """The rule, on a grid that does not roll: x from 0, y centred, as large as configured."""

    def __init__(self) -> None:
        self.cell = CONFIG["resolution"]
        self.size = np.array([CONFIG["width"] / self.cell, CONFIG["height"] / self.cell]).astype(
            int
        )
        shape = (*self.size, LAYER["z_voxels"])
        self.marked, self.known = np.zeros(shape, bool), np.zeros(shape, bool)

    def observe(self, points_camera: np.ndarray, pose: np.ndarray) -> None:
        points, origin = transform_points(pose, points_camera.astype(float)), pose[:3, 3]
        for source in SOURCES.values():
            if source["clearing"]:
                self._clear(self._of_height(points, source), origin, source)
        for source in SOURCES.values():
            if source["marking"]:
                self._mark(self._of_height(points, source), origin, source)

    def cells(self) -> np.ndarray:
        """The costmap's cells (X, Y)."""
        lethal = self.marked.sum(-1) > LAYER["mark_threshold"]
        unknown = (~self.known).sum(-1) > LAYER["unknown_threshold"] + 16 - LAYER["z_voxels"]
        return np.where(lethal, LETHAL, np.where(unknown, UNKNOWN, FREE))

    def at(self, x: tuple[float, float], y: tuple[float, float]) -> np.ndarray:
        """The cells of a piece of floor."""
        rows = slice(*np.rint(np.array(x) / self.cell).astype(int))
        columns = slice(*np.rint((np.array(y) + CONFIG["height"] / 2) / self.cell).astype(int))
        return self.cells()[rows, columns]

    def _of_height(self, points: np.ndarray, source: dict) -> np.ndarray:
        z = points[:, 2]
        return points[(z >= source["min_obstacle_height"]) & (z <= source["max_obstacle_height"])]

    def _voxels(self, points: np.ndarray) -> np.ndarray:
        """Indices (N, 3) of the points inside the grid."""
        corner = np.array([0, -CONFIG["height"] / 2, LAYER["origin_z"]])
        cells = np.floor((points - corner) / [self.cell, self.cell, LAYER["z_resolution"]])
        inside = ((cells >= 0) & (cells < [*self.size, LAYER["z_voxels"]])).all(-1)
        return cells[inside].astype(int)

    def _clear(self, points: np.ndarray, origin: np.ndarray, source: dict) -> None:
        lengths = np.linalg.norm(points - origin, axis=-1)
        reach = np.minimum(lengths - 2 * self.cell, source["raytrace_max_range"])
        steps = np.arange(0, source["raytrace_max_range"], self.cell / 2)
        along = steps[:, None] / lengths
        samples = origin + along[..., None] * (points - origin)
        x, y, z = self._voxels(samples[steps[:, None] <= reach]).T
        self.marked[x, y, z], self.known[x, y, z] = False, True

    def _mark(self, points: np.ndarray, origin: np.ndarray, source: dict) -> None:
        lengths = np.linalg.norm(points - origin, axis=-1)
        passing = (lengths >= source["obstacle_min_range"]) & (
            lengths < source["obstacle_max_range"]
        )
        passing &= points[:, 2] <= LAYER["max_obstacle_height"]
        x, y, z = self._voxels(points[passing]).T
        self.marked[x, y, z] = self.known[x, y, z] = True


def drive(places: np.ndarray, boxes: tuple[Box, ...], depth_error: float = 0.0) -> VoxelLayer:
    layer = VoxelLayer()
    for x in places:
        layer.observe(cloud_from(x, boxes, depth_error), odom_from_camera(x))
    return layer


@pytest.mark.parametrize("depth_error", [0.0, 0.02])
def test_walls_are_marked_and_the_way_between_them_is_free(depth_error: float) -> None:
    layer = drive(np.arange(0.2, 4.0, 0.6), CORRIDOR, depth_error)
    beyond = 0.05 + 5 * depth_error
    for side in (-1, 1):
        near, far = sorted((side * (HALF_WIDTH_M - beyond), side * (HALF_WIDTH_M + beyond)))
        wall = layer.at((1.8, 6.0), (near, far))
        marked = (wall == LETHAL).any(-1)
        assert marked.mean() > 0.85
        gaps = ~marked[1:] & ~marked[:-1]  # rays that graze a wall clear single cells of it
        assert not gaps.any()
    end = layer.at((END_M - 0.1, END_M + 0.2), (-0.9, 0.9))
    assert (end == LETHAL).any(0).mean() > 0.97
    way = layer.at((1.2, 6.0), (-0.7, 0.7))
    assert (way == FREE).mean() > 0.99
    assert not (way == LETHAL).any()


def test_what_stands_in_the_way_is_marked_and_cleared_when_it_is_gone() -> None:
    layer = drive(np.array([0.2, 0.6, 1.0]), (*CORRIDOR, CRATE))
    front = layer.at((2.95, 3.15), (0.25, 0.65))
    assert (front == LETHAL).any(0).all()
    beside = layer.at((1.6, 2.8), (-0.7, 0.7))
    assert not (beside == LETHAL).any()
    for x in (1.2, 1.4):
        layer.observe(cloud_from(x, CORRIDOR), odom_from_camera(x))
    assert not (layer.at((2.5, 4.0), (-0.7, 0.7)) == LETHAL).any()


def test_in_the_open_only_the_floor_clears_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    floor = CORRIDOR[:1]
    assert (drive(np.array([0.2]), floor).at((1.6, 4.0), (-0.7, 0.7)) == FREE).mean() > 0.97
    mark = SOURCES["mem4d_mark"]
    heights = {name: mark[name] for name in ("min_obstacle_height", "max_obstacle_height")}
    monkeypatch.setitem(SOURCES, "mem4d_clear", {**SOURCES["mem4d_clear"], **heights})
    assert (drive(np.array([0.2]), floor).cells() == UNKNOWN).all()


def test_the_camera_and_every_obstacle_are_inside_the_grid() -> None:
    assert LAYER["z_voxels"] <= 16
    top = LAYER["origin_z"] + LAYER["z_voxels"] * LAYER["z_resolution"]
    assert top > CAMERA_HEIGHT_M
    assert SOURCES["mem4d_mark"]["max_obstacle_height"] <= LAYER["max_obstacle_height"] <= top


def test_all_that_marks_can_be_cleared() -> None:
    mark, clear = SOURCES["mem4d_mark"], SOURCES["mem4d_clear"]
    assert (mark["marking"], clear["clearing"]) == (True, True)
    assert clear["raytrace_max_range"] > mark["obstacle_max_range"]
    assert clear["min_obstacle_height"] < 0 < mark["min_obstacle_height"]


# From the pages of Nav2's voxel layer and costmap on docs.nav2.org.
LAYER_NAMES = {
    "plugin", "enabled", "footprint_clearing_enabled", "max_obstacle_height", "z_voxels",
    "origin_z", "z_resolution", "unknown_threshold", "mark_threshold", "combination_method",
    "publish_voxel_map", "observation_sources",
}  # fmt: skip
SOURCE_NAMES = {
    "topic", "sensor_frame", "observation_persistence", "expected_update_rate", "data_type",
    "min_obstacle_height", "max_obstacle_height", "inf_is_valid", "marking", "clearing",
    "obstacle_max_range", "obstacle_min_range", "raytrace_max_range", "raytrace_min_range",
}  # fmt: skip


def test_only_names_that_nav2_knows_are_used() -> None:
    assert set(LAYER) == LAYER_NAMES | set(SOURCES)
    for source in SOURCES.values():
        assert set(source) <= SOURCE_NAMES


def test_the_sources_are_the_nodes_own_cloud() -> None:
    pytest.importorskip("rclpy", reason="the topic's name is in the ROS layer")
    from mem4d_ros.ros.interface import topics

    names = {topic.name.replace("~", "/mem4d") for topic in topics.OUTPUTS}
    assert {source["topic"] for source in SOURCES.values()} <= names
    assert {source["data_type"] for source in SOURCES.values()} == {"PointCloud2"}
