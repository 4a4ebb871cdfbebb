from __future__ import annotations

import numpy as np
import pytest

from mem4d_ros.geometry import rigid_inverse, transform_points
from mem4d_ros.synthetic.cameras.paths import (
    SHARES,
    CameraMaker,
    camera_path,
    driving,
    hand_held,
    look_at,
    standing,
    turning,
)
from mem4d_ros.synthetic.places.room import make_room
from mem4d_ros.synthetic.scene.obstacles import Obstacles
from mem4d_ros.synthetic.scene.stage import Stage
from mem4d_ros.synthetic.textures.library import standard_library

TIMES = np.arange(60) / 15.0


@pytest.fixture(scope="module")
def rooms() -> list[Stage]:
    return [make_room(np.random.default_rng(seed), standard_library(), 2) for seed in range(4)]


def angles_between(path: np.ndarray) -> np.ndarray:
    """Rotation (T - 1,) in rad from each pose to the next."""
    turn = path[:-1, :3, :3].swapaxes(1, 2) @ path[1:, :3, :3]
    return np.arccos(((np.trace(turn, axis1=1, axis2=2) - 1) / 2).clip(-1, 1))


def test_looking_at_a_target_puts_it_in_the_middle_of_a_level_image() -> None:
    position = np.array([[1.0, 2.0, 1.5], [0.0, 0.0, 1.0]])
    target = np.array([[3.0, 1.0, 0.5], [0.0, -2.0, 1.0]])
    poses = look_at(position, target)
    seen = transform_points(rigid_inverse(poses), target[:, None])[:, 0]
    distance = np.linalg.norm(target - position, axis=-1)
    np.testing.assert_allclose(
        seen, np.stack([0 * distance, 0 * distance, distance], -1), atol=1e-12
    )
    np.testing.assert_allclose(poses[:, 2, 0], 0, atol=1e-12)  # right is level
    assert (poses[:, 2, 1] < 0).all()  # the image's down is down


@pytest.mark.parametrize("maker", SHARES)
def test_every_path_is_smooth_and_stays_over_the_free_floor(
    maker: CameraMaker, rooms: list[Stage]
) -> None:
    for seed, stage in enumerate(rooms):
        path = camera_path(np.random.default_rng(seed), stage, TIMES, {maker: 1.0})
        x, y, z = path[:, :3, 3].T
        assert x.min() > stage.floor[0] - 0.1
        assert x.max() < stage.floor[1] + 0.1
        assert y.min() > stage.floor[2] - 0.1
        assert y.max() < stage.floor[3] + 0.1
        assert 0.2 < z.min() <= z.max() < 2.0
        speed = np.linalg.norm(np.diff(path[:, :3, 3], axis=0), axis=-1) * 15
        assert speed.max() < 1.5
        assert np.rad2deg(angles_between(path)).max() < 9  # 135 degrees a second


def test_a_hand_is_at_hand_height_and_looks_down_a_little(rooms: list[Stage]) -> None:
    paths = [hand_held(np.random.default_rng(i), rooms[i % 4], TIMES) for i in range(20)]
    heights = np.concatenate([path[:, 2, 3] for path in paths])
    down = np.concatenate([-path[:, 2, 2] for path in paths])
    assert 1.0 < heights.min() < heights.max() < 1.9
    assert 0.0 < np.median(down) < 0.8


def test_a_tripod_does_not_move_and_a_turning_camera_only_turns(rooms: list[Stage]) -> None:
    still = standing(np.random.default_rng(0), rooms[0], TIMES)
    assert (still == still[0]).all()
    turned = turning(np.random.default_rng(0), rooms[0], TIMES)
    assert np.ptp(turned[:, :3, 3], axis=0).max() < 0.05
    assert angles_between(turned).sum() > 0.4


def test_a_robot_looks_where_it_goes(rooms: list[Stage]) -> None:
    path = driving(np.random.default_rng(1), rooms[0], TIMES)
    going = np.diff(path[:, :2, 3], axis=0)
    ahead = path[:-1, :2, 2]
    cosine = (
        (going * ahead).sum(-1) / np.linalg.norm(going, axis=-1) / np.linalg.norm(ahead, axis=-1)
    )
    assert cosine.min() > 0.9


def test_paths_mostly_keep_clear_of_everything(rooms: list[Stage]) -> None:
    clear = 0
    for seed in range(12):
        stage = rooms[seed % 4]
        path = camera_path(np.random.default_rng(seed), stage, TIMES)
        clear += Obstacles.of(stage.scene.parts, TIMES).distance(path[:, None, :3, 3]).min() > 0.2
    assert clear >= 9
