"""How a scene came together, at its quarters."""

from __future__ import annotations

import numpy as np
import pytest

from mem4d_ros.geometry import pose_from
from mem4d_ros.runtime import ColouredPoints
from mem4d_ros.viz import SceneGrowth, growth_picture

INTRINSICS = np.array([[100.0, 0.0, 49.5], [0.0, 100.0, 39.5], [0.0, 0.0, 1.0]])
WALK = pose_from(
    np.tile([1.0, 0.0, 0.0, 0.0], (9, 1)),
    np.stack([np.linspace(0, 4, 9), np.zeros(9), np.zeros(9)], -1),
)


def floor_up_to(x: float) -> ColouredPoints:
    """A green floor (y is down) from 0 to x metres to the right."""
    points = np.random.default_rng(0).uniform([0, 1.4, 0], [x, 1.5, 2], (20_000, 3))
    colours = np.broadcast_to(np.array([20, 160, 20], np.uint8), points.shape)
    return ColouredPoints(points.astype(np.float32), colours, np.ones(20_000, np.float32))


@pytest.mark.parametrize(
    ("frames", "expected"), [(8, [2, 4, 6, 8]), (10, [3, 5, 8, 10]), (2, [1, 2]), (1, [1])]
)
def test_the_last_frame_of_each_quarter_is_kept(frames: int, expected: list[int]) -> None:
    growth = SceneGrowth(frames)
    for _ in range(frames):
        if growth.wants_next():
            growth.keep(floor_up_to(1))
    assert [stage.frames for stage in growth.stages] == expected


def test_the_scene_grows_from_picture_to_picture() -> None:
    growth = SceneGrowth(4)
    for index in range(4):
        assert growth.wants_next()
        growth.keep(floor_up_to(1.0 + index))
    picture = growth_picture(growth.stages, WALK, INTRINSICS, (100, 80)).astype(int)
    green = np.abs(picture - [20, 160, 20]).max(-1) < 8
    cells = [half for row in np.array_split(green, 2) for half in np.array_split(row, 2, axis=1)]
    areas = [cell.sum() for cell in cells]
    assert areas == sorted(areas)
    assert areas[3] == pytest.approx(4 * areas[0], rel=0.2)


def test_without_stages_there_is_no_picture() -> None:
    with pytest.raises(ValueError, match="at least one stage"):
        growth_picture([], WALK, INTRINSICS, (100, 80))
