from __future__ import annotations

import numpy as np
import pytest

from mem4d_ros.geometry import pose_from
from mem4d_ros.viz import VirtualCamera, render_cloud, render_from_above, view_from_behind
from mem4d_ros.viz.cloud import splat

INTRINSICS = np.array([[100.0, 0.0, 49.5], [0.0, 100.0, 39.5], [0.0, 0.0, 1.0]])
FRONT = VirtualCamera(np.eye(4), INTRINSICS, width=100, height=80)


def test_a_known_point_lands_on_its_pixel() -> None:
    points = np.array([[0.105, -0.195, 1.0]])  # 49.5 + 10.5 = 60, 39.5 - 19.5 = 20
    nearest, winner = splat(points, FRONT, point_size=1e-6)
    assert np.argwhere(winner == 0).tolist() == [[20, 60]]
    assert nearest[20, 60] == pytest.approx(1.0)
    assert np.isinf(np.delete(nearest.ravel(), 20 * 100 + 60)).all()


@pytest.mark.parametrize("order", [[0, 1], [1, 0]])
def test_the_nearer_point_wins_in_whatever_order_they_come(order: list[int]) -> None:
    points = np.array([[0.005, 0.005, 1.0], [0.01, 0.01, 2.0]])[order]
    _, winner = splat(points, FRONT, point_size=1e-6)
    assert winner[40, 50] == order.index(0)


def test_a_near_disc_covers_a_far_one_that_reaches_under_it() -> None:
    points = np.array([[0.005, 0.005, 1.0], [0.05, 0.01, 2.0]])
    nearest, winner = splat(points, FRONT, point_size=0.05)
    assert winner[40, 51] == 0
    assert nearest[40, 51] == 1.0


def test_discs_shrink_with_distance() -> None:
    areas = []
    for distance in (1.0, 2.0, 100.0):
        _, winner = splat(np.array([[0.0, 0.0, distance]]), FRONT, point_size=0.06)
        areas.append((winner == 0).sum())
    assert areas[0] > areas[1] > areas[2] == 1


def test_points_behind_the_view_and_beside_it_are_not_drawn() -> None:
    points = np.array([[0.0, 0.0, -1.0], [5.0, 0.0, 1.0], [0.0, -5.0, 1.0]])
    _, winner = splat(points, FRONT, point_size=0.1)
    assert (winner == -1).all()


@pytest.fixture
def walk() -> np.ndarray:
    """Five cameras (5, 4, 4) in a row along x, looking along z."""
    translations = np.stack([np.linspace(0, 1, 5), np.zeros(5), np.zeros(5)], -1)
    return pose_from(np.tile([1.0, 0.0, 0.0, 0.0], (5, 1)), translations)


def test_the_view_stands_behind_and_above_and_sees_cloud_and_cameras(walk: np.ndarray) -> None:
    wall = np.random.default_rng(0).uniform([-2, -1, 2.9], [3, 1, 3.1], (500, 3))
    view = view_from_behind(wall, walk, 320, 240)
    assert view.camera_to_world[2, 3] < 0  # behind the cameras
    assert view.camera_to_world[1, 3] < -0.5  # y is down
    pixels, distance = view.project(np.concatenate([wall, walk[:, :3, 3]]))
    inside = ((pixels >= -0.5) & (pixels <= [319.5, 239.5])).all(-1) & (distance > 0)
    assert inside[:500].mean() > 0.95
    assert inside[500:].all()


def test_the_picture_shows_the_colours_of_the_points(walk: np.ndarray) -> None:
    y, x = np.mgrid[-1:1:200j, -1:1:200j]
    wall = np.stack([x, y, np.full_like(x, 3.0)], -1)
    colours = np.broadcast_to(np.array([200, 40, 90], np.uint8), wall.shape)
    picture = render_cloud(wall, colours, walk, INTRINSICS, (100, 80), size=(320, 240))
    assert picture.shape == (240, 320, 3)
    assert picture.dtype == np.uint8
    assert (np.abs(picture.astype(int) - [200, 40, 90]).max(-1) < 8).mean() > 0.05


def test_a_thin_cloud_closes_up_to_a_surface(walk: np.ndarray) -> None:
    y, x = np.mgrid[-1:1:60j, -1:1:60j]
    wall = np.stack([x, y, np.full_like(x, 3.0)], -1)
    colours = np.broadcast_to(np.array([200, 40, 90], np.uint8), wall.shape)
    picture = render_cloud(wall, colours, walk, INTRINSICS, (100, 80), size=(640, 480)).astype(int)
    red = picture[..., 0] - picture[..., 1] > 100
    rows = np.nonzero(red)[0]
    middle = red[np.percentile(rows, 25).astype(int) : np.percentile(rows, 75).astype(int)]
    inside = [np.diff(np.nonzero(row)[0]).max() for row in middle]
    assert max(inside) < 30  # nothing but the cameras' lines between its ends


def test_from_above_one_looks_under_the_ceiling(walk: np.ndarray) -> None:
    y, x = np.mgrid[0:4:200j, -2:2:200j]
    floor = np.stack([x, np.full_like(x, 1.5), y], -1)  # y is down
    ceiling = np.stack([x, np.full_like(x, -1.0), y], -1)
    colours = np.concatenate(
        [np.full((40_000, 3), (20, 160, 20), np.uint8), np.full((40_000, 3), 200, np.uint8)]
    )
    points = np.concatenate([floor.reshape(-1, 3), ceiling.reshape(-1, 3)])
    given = (points, colours, walk, INTRINSICS, (100, 80))
    green = np.abs(render_from_above(*given).astype(int) - [20, 160, 20]).max(-1) < 8
    assert green.mean() > 0.3


def test_points_that_are_not_finite_change_nothing(walk: np.ndarray) -> None:
    points = np.random.default_rng(0).uniform([-1, -1, 2], [1, 1, 3], (300, 3))
    colours = np.full((300, 3), 128, np.uint8)
    expected = render_cloud(points, colours, walk, INTRINSICS, (100, 80))
    broken = np.concatenate([points, [[np.nan, 0, 1], [0, np.inf, 1]]])
    more = np.concatenate([colours, colours[:2]])
    np.testing.assert_array_equal(render_cloud(broken, more, walk, INTRINSICS, (100, 80)), expected)


def test_an_empty_cloud_still_gives_a_picture(walk: np.ndarray) -> None:
    nothing = np.empty((0, 3))
    picture = render_cloud(nothing, nothing.astype(np.uint8), walk, INTRINSICS, (100, 80))
    assert picture.shape == (720, 960, 3)
