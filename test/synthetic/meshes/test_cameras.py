from __future__ import annotations

import numpy as np
import pytest
from mesh_scenes import ROOM, ROOM_HIGH, ROOM_LOW, TABLE_HIGH, TABLE_LOW, room

from mem4d_ros.synthetic.meshes.cameras import (
    CLEARANCE,
    HIGHEST,
    LOWEST,
    NoPathFound,
    draw_path,
    free_points,
    pose,
)
from mem4d_ros.synthetic.meshes.mesh import prepare
from mem4d_ros.synthetic.meshes.tracing import Layer, make_layer

pytest.importorskip("embreex")

FRAMES = 24
SEEDS = range(12)
SPACING = 0.2  # rad between the rays that measure clearance


@pytest.fixture(scope="module")
def layers() -> tuple[Layer, ...]:
    return (make_layer(prepare(room())),)


@pytest.fixture(scope="module")
def paths(layers: tuple[Layer, ...]) -> list[np.ndarray]:
    return [
        draw_path(layers, ROOM, FRAMES, lambda poses: True, np.random.default_rng(seed))
        for seed in SEEDS
    ]


def clearance(points: np.ndarray) -> np.ndarray:
    """True distances (n,) in m to the walls and the table."""
    walls = np.minimum(points - ROOM_LOW, ROOM_HIGH - points).min(1)
    table = np.linalg.norm(
        np.maximum(np.maximum(TABLE_LOW - points, points - TABLE_HIGH), 0), axis=1
    )
    return np.minimum(walls, table)


def test_cameras_keep_off_walls_and_furniture(paths: list[np.ndarray]) -> None:
    for path in paths:
        assert clearance(path[:, :3, 3]).min() > CLEARANCE * np.cos(SPACING)


def test_cameras_are_where_hands_and_robots_hold_them(layers: tuple[Layer, ...]) -> None:
    rng = np.random.default_rng(0)
    points = np.concatenate([free_points(layers, ROOM, rng) for _ in range(10)])
    over_table = ((points > TABLE_LOW) & (points < TABLE_HIGH))[:, :2].all(1)
    heights = points[~over_table, 2]
    assert heights.min() >= LOWEST
    assert heights.max() <= HIGHEST + 1e-6  # rays are traced in single precision
    assert 0.6 < (heights > 0.9).mean() < 0.95  # most are hand-held
    assert len(points) > 100


def test_poses_are_rigid(paths: list[np.ndarray]) -> None:
    for path in paths:
        rotation = path[:, :3, :3]
        np.testing.assert_allclose(
            rotation @ rotation.swapaxes(1, 2), np.tile(np.eye(3), (FRAMES, 1, 1)), atol=1e-9
        )
        np.testing.assert_allclose(np.linalg.det(rotation), 1)


def test_paths_are_smooth_and_differ(paths: list[np.ndarray]) -> None:
    steps = [np.linalg.norm(np.diff(path[:, :3, 3], axis=0), axis=1) for path in paths]
    assert max(step.max() for step in steps) < 0.6
    means = [step.mean() for step in steps]
    assert min(means) < 0.03
    assert max(means) > 0.08


def test_a_camera_looks_along_its_yaw_and_pitch_with_level_rows() -> None:
    camera = pose(np.array((1.0, 2.0, 3.0)), np.pi / 2, 0.3, 0.0)
    np.testing.assert_allclose(camera[:3, 2], (0, np.cos(0.3), np.sin(0.3)), atol=1e-12)
    np.testing.assert_allclose(camera[:3, 0], (1, 0, 0), atol=1e-12)  # right of north is east
    assert camera[2, 1] < 0  # image rows run downwards
    np.testing.assert_array_equal(camera[:3, 3], (1, 2, 3))


def test_a_place_without_room_is_named(layers: tuple[Layer, ...]) -> None:
    with pytest.raises(NoPathFound, match=r"no camera path of 24 frames .* through room"):
        draw_path(layers, ROOM, FRAMES, lambda poses: False, np.random.default_rng(0))
