"""The grid says free where the floor is clear, occupied where things stand, and else unknown."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from corridors import (
    CORRIDOR,
    END_M,
    HALF_WIDTH_M,
    OBSTACLES,
    Box,
    camera_at,
    drive,
    seen_from,
    true_cells,
)
from scipy.spatial.transform import Rotation

from mem4d_ros.mapping import Correction
from mem4d_ros.runtime import Reconstruction
from mem4d_ros.runtime.occupancy import (
    FREE,
    OCCUPIED,
    UNKNOWN,
    Grid,
    OccupancyMapper,
    OccupancySettings,
    View,
    Views,
)
from mem4d_ros.runtime.static_map import StaticMap

SETTINGS = OccupancySettings()


def grid_of(
    frames: list[Reconstruction],
    settings: OccupancySettings = SETTINGS,
    moving: list[np.ndarray] | None = None,
    up_known: bool = True,
) -> Grid:
    """The grid after these frames, whose world is the map."""
    static_map, views = StaticMap(), Views()
    for index, frame in enumerate(frames):
        still = np.zeros(frame.depth.shape, bool) if moving is None else moving[index]
        static_map.integrate(frame, still)
        views.add(View.of(frame, still, 1.0), is_first=index == 0)
    found = OccupancyMapper(settings, up_known).grid(
        static_map.points().positions, views.all(), np.eye(4)
    )
    assert found is not None
    return found


def centres_of(grid: Grid) -> np.ndarray:
    """Centres (H, W, 2) of the cells in the corridor's plane."""
    rows, columns = np.indices(grid.cells.shape)
    return grid.origin + (np.stack((columns, rows), -1) + 0.5) * grid.resolution_m


def shares(grid: Grid) -> dict[str, float]:
    """How a grid compares with the corridor, where the drive has been near enough to tell.

    An obstacle is found where its outline is occupied, a cell aside; it is called free, which is
    the dangerous way to be wrong, anywhere in it.
    """
    centres = centres_of(grid)
    x, y = centres[..., 0], centres[..., 1]
    there = (x > 2.0) & (x < END_M + 0.1) & (np.abs(y) < HALF_WIDTH_M + 0.1)
    over, clear = true_cells(centres), ~true_cells(centres, margin_m=0.1)
    outline = over & ~true_cells(centres, margin_m=-0.05)
    occupied = cv2.dilate((grid.cells == OCCUPIED).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    return {
        "obstacles found": occupied[there & outline].mean(),
        "obstacles called free": (grid.cells[there & over] == FREE).mean(),
        "free found": (grid.cells[there & clear] == FREE).mean(),
        "free called occupied": (grid.cells[there & clear] == OCCUPIED).mean(),
    }


@pytest.mark.parametrize("depth_error", [0.0, 0.02, 0.05])
def test_a_drive_through_a_corridor(depth_error: float) -> None:
    grid = grid_of(drive(depth_error=depth_error))
    found = shares(grid)
    assert found["obstacles found"] > 0.95, found
    assert found["obstacles called free"] < 0.02, found  # under the table alone
    assert found["free found"] > 0.85, found
    assert found["free called occupied"] < 0.08, found
    solid = true_cells(centres_of(grid), tuple(box for box in OBSTACLES if box.low[2] == 0))
    assert not (grid.cells[solid] == FREE).any()


def test_the_world_can_be_turned_by_a_quarter() -> None:
    quarter = np.eye(4)
    quarter[:2, :2] = [[0.0, -1.0], [1.0, 0.0]]
    grid, turned = grid_of(drive()), grid_of(drive(world_from_corridor=quarter))
    before = centres_of(turned) @ quarter[:2, :2]  # where these cells' centres were
    columns, rows = np.moveaxis(np.floor((before - grid.origin) / 0.05).astype(int), -1, 0)
    height, width = grid.cells.shape
    there = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
    assert there.mean() > 0.95
    assert not (turned.cells[~there] == FREE).any()
    same = turned.cells[there] == grid.cells[rows[there], columns[there]]
    assert same.mean() > 0.92  # walls lie between cells, which are half open


@pytest.mark.parametrize(("pitch", "roll"), [(0.0, 0.0), (0.35, 0.0), (-0.2, 0.3), (0.5, -0.4)])
def test_the_floor_says_what_is_up(pitch: float, roll: float) -> None:
    """The first camera is pitched and rolled, and taken for level, as by tf.mode camera."""
    poses = [camera_at(x, yaw=0.3 * np.sin(3 * x), pitch=0.1) for x in np.arange(0, 3, 0.1)]
    lean = np.eye(4)
    lean[:3, :3] = Rotation.from_euler("ZYX", [0.3, pitch, roll]).as_matrix()
    frames = [
        seen_from(index, pose, world_from_corridor=lean, depth_error=0.02)
        for index, pose in enumerate(poses)
    ]
    floor = grid_of(frames, up_known=False).map_from_floor
    assert np.degrees(np.arccos(floor[:3, 2] @ lean[:3, 2])) < 1.0
    assert abs(floor[:3, 3] @ lean[:3, 2]) < 0.03  # the corridor's floor is at its origin


def test_a_known_up_bears_a_camera_that_is_mounted_a_little_wrong() -> None:
    lean = np.eye(4)
    lean[:3, :3] = Rotation.from_euler("Y", np.deg2rad(3.0)).as_matrix()
    found = shares(grid_of(drive(world_from_corridor=lean)))
    assert found["obstacles found"] > 0.9, found
    assert found["free called occupied"] < 0.03, found


def person(x: float) -> Box:
    return Box((x - 0.2, -0.9, 0.0), (x + 0.2, -0.4, 1.7))


def test_a_person_who_walks_through_leaves_no_obstacle() -> None:
    """Nobody says that they move; what is seen through afterwards is what counts."""
    frames = []
    for index in range(60):
        boxes = (*CORRIDOR, person(1.5 + 0.12 * index)) if index < 40 else CORRIDOR
        frames.append(seen_from(index, camera_at(0.01 * index, yaw=-0.1, pitch=0.1), boxes))
    assert (at(grid_of(frames[:30]), (4.6, 5.0), (-0.9, -0.4)) == OCCUPIED).any()
    after = at(grid_of(frames), (2.0, 4.2), (-0.9, -0.4))
    assert not (after == OCCUPIED).any()
    assert (after == FREE).mean() > 0.95


def test_what_moves_hides_what_is_behind_it() -> None:
    """Pixels that are known to move make no obstacle, nor is anything free behind them."""
    frames = [seen_from(i, camera_at(0.3 * i - 1), (*CORRIDOR[:5], person(3.0))) for i in range(6)]
    bare = [seen_from(i, camera_at(0.3 * i - 1), CORRIDOR[:5]) for i in range(6)]
    moving = [one.depth < other.depth - 0.01 for one, other in zip(frames, bare, strict=True)]
    grid = grid_of(frames, moving=moving)
    assert not (at(grid, (2.5, 3.5), (-0.9, -0.4)) == OCCUPIED).any()
    assert (at(grid, (3.5, 4.2), (-0.8, -0.6)) == UNKNOWN).all()


def at(grid: Grid, x: tuple[float, float], y: tuple[float, float]) -> np.ndarray:
    """The cells whose centres are in a piece of floor, (N,)."""
    centres = centres_of(grid)
    return grid.cells[((centres > (x[0], y[0])) & (centres < (x[1], y[1]))).all(-1)]


def test_what_nobody_has_seen_stays_unknown() -> None:
    grid = grid_of([seen_from(i, camera_at(0.3 * i, pitch=0.1)) for i in range(4)])
    x, y = np.moveaxis(centres_of(grid), -1, 0)
    outside = (np.abs(y) > HALF_WIDTH_M + 0.06) | (x > END_M + 0.06)
    behind_crate = (x > 3.2) & (x < 3.6) & (y > 0.7) & (y < 0.9)
    assert behind_crate.any()
    for unseen in (outside, behind_crate):
        assert (grid.cells[unseen] == UNKNOWN).all()


def test_a_hole_in_the_floor_is_not_free() -> None:
    floor = (
        Box((-1, -9, -3), (3, 9, 0)),
        Box((4, -9, -3), (9, 9, 0)),
        Box((3, -9, -3), (4, -0.5, 0)),
        Box((3, 0.5, -3), (4, 9, 0)),
    )
    pit = (*floor, *CORRIDOR[1:5])
    grid = grid_of([seen_from(i, camera_at(0.1 * i, pitch=0.4), pit) for i in range(28)])
    hole = at(grid, (3.1, 3.9), (-0.4, 0.4))
    assert (hole == FREE).mean() < 0.05
    assert (at(grid, (2.0, 2.8), (-0.6, 0.6)) == FREE).mean() > 0.95


def test_limits_are_respected() -> None:
    frames = drive()[:20]
    small = grid_of(frames, replace(SETTINGS, max_cells=400))
    assert small.cells.size <= 400
    assert small.is_cut
    centres = centres_of(small).reshape(-1, 2)
    camera = frames[-1].camera_to_world[:2, 3]
    assert (centres.min(0) < camera).all()
    assert (camera < centres.max(0)).all()
    near = grid_of(frames, replace(SETTINGS, max_range_m=1.5))
    free = centres_of(near)[near.cells == FREE]
    cameras = np.array([frame.camera_to_world[:2, 3] for frame in frames])
    distances = np.linalg.norm(free[:, None] - cameras, axis=-1).min(-1)
    assert distances.max() < 1.5 + 2 * SETTINGS.resolution_m
    coarse = grid_of(frames, replace(SETTINGS, resolution_m=0.2))
    assert coarse.resolution_m == 0.2
    np.testing.assert_allclose(coarse.origin / 0.2, np.rint(coarse.origin / 0.2), atol=1e-9)
    low = grid_of(frames, replace(SETTINGS, max_height_m=0.3))
    assert not (at(low, (4.5, 5.3), (-1.0, -0.6)) == OCCUPIED).any()  # under the table


def test_without_a_floor_there_is_no_grid() -> None:
    wall = (Box((3, -9, -9), (4, 9, 9)),)
    static_map, views = StaticMap(), Views()
    for index in range(4):
        frame = seen_from(index, camera_at(0.1 * index), wall)
        static_map.integrate(frame, np.zeros(frame.depth.shape, bool))
        views.add(View.of(frame, np.zeros(frame.depth.shape, bool), 1.0), is_first=index == 0)
    mapper = OccupancyMapper(SETTINGS, up_known=False)
    assert mapper.grid(static_map.points().positions, views.all(), np.eye(4)) is None
    assert mapper.grid(np.empty((0, 3), np.float32), (), np.eye(4)) is None


def test_the_newest_view_of_a_place_is_kept_and_the_oldest_place_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("mem4d_ros.runtime.occupancy.views.MAX_VIEWS", 4)
    views = Views()
    still = np.zeros((144, 192), bool)
    for index, x in enumerate((0.0, 0.01, 1.0, 2.0, 2.01, 3.0, 4.0, 5.0)):
        views.add(View.of(seen_from(index, camera_at(x)), still, 1.0), is_first=index == 0)
    kept = [round(float(view.camera_to_world[0, 3]), 2) for view in views.all()]
    assert kept == [2.01, 3.0, 4.0, 5.0]
    views.add(View.of(seen_from(0, camera_at(9.0)), still, 1.0), is_first=True)
    assert len(views) == 1


def test_views_move_with_their_keyframes_and_grow_with_the_world() -> None:
    views, still = Views(), np.zeros((144, 192), bool)
    frames = [replace(seen_from(i, camera_at(2.0 * i)), keyframe=10 * i) for i in range(3)]
    for index, frame in enumerate(frames):
        views.add(View.of(frame, still, 1.0), is_first=index == 0)
    before = views.all()
    turn = Rotation.from_euler("Z", 0.3).as_matrix()
    motion = np.eye(4)
    motion[:3, :3], motion[:3, 3] = 1.5 * turn, (0.5, 1.0, 0.0)
    views.move(Correction(np.array([10]), motion[None]))
    first, *later = views.all()
    assert first is before[0]  # it hangs on what was before all that moved
    for view, old in zip(later, before[1:], strict=True):
        pose = view.camera_to_world
        np.testing.assert_allclose(pose[:3, :3], turn @ old.camera_to_world[:3, :3], atol=1e-9)
        place = motion @ old.camera_to_world[:, 3]
        np.testing.assert_allclose(pose[:, 3], place, atol=1e-9)
        np.testing.assert_allclose(view.depth, 1.5 * old.depth, rtol=2e-3)


@pytest.mark.parametrize(
    "wrong", [{"resolution_m": 0.0}, {"max_cells": 0}, {"min_height_m": 3.0}, {"max_range_m": -1.0}]
)
def test_settings_that_make_no_grid_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="occupancy"):
        OccupancySettings(**wrong)  # type: ignore[arg-type]
