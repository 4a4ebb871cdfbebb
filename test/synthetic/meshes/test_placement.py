from __future__ import annotations

import numpy as np
import pytest
from mesh_scenes import ROOM, ROOM_HIGH, ROOM_LOW, TABLE_HIGH, TABLE_LOW, box, room

from mem4d_ros.synthetic.meshes.cameras import draw_path
from mem4d_ros.synthetic.meshes.mesh import Mesh, prepare
from mem4d_ros.synthetic.meshes.placement import (
    KEPT_OFF,
    Placed,
    Setting,
    draw_movers,
    draw_props,
)
from mem4d_ros.synthetic.meshes.tracing import make_layer

pytest.importorskip("embreex")

FRAMES = 8
SEEDS = range(30)
HALF = 0.15


def thing(name: str) -> Mesh:
    return prepare(box(np.array((-HALF, -HALF, 0.0)), np.array((HALF, HALF, 0.9))))


@pytest.fixture(scope="module")
def drawn() -> list[tuple[Setting, list[Placed], list[Placed]]]:
    layers = (make_layer(prepare(room())),)
    result = []
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        path = draw_path(layers, ROOM, FRAMES, lambda poses: True, rng)
        setting = Setting(layers, path, 0.6, False)
        props = draw_props(setting, thing, rng)
        result.append((setting, props, draw_movers(setting, props, thing, rng)))
    return result


def vertices(placed: Placed) -> np.ndarray:
    """(T + 1, N, 3) in the world."""
    turned = np.einsum("tij,nj->tni", placed.poses[:, :3, :3], placed.mesh.vertices)
    return turned + placed.poses[:, None, :3, 3]


def upright(placed: Placed) -> bool:
    return bool(np.allclose(placed.poses[:, 2, 2], 1))


def test_there_are_things_and_movers(
    drawn: list[tuple[Setting, list[Placed], list[Placed]]],
) -> None:
    assert sum(len(props) for _, props, _ in drawn) > 5
    assert sum(len(movers) for _, _, movers in drawn) > 5


def test_what_stands_stands_on_the_floor(
    drawn: list[tuple[Setting, list[Placed], list[Placed]]],
) -> None:
    for _, props, movers in drawn:
        for placed in [*props, *filter(upright, movers)]:
            np.testing.assert_allclose(vertices(placed)[..., 2].min(1), 0, atol=1e-4)


def test_nothing_is_in_a_wall_or_in_the_table(
    drawn: list[tuple[Setting, list[Placed], list[Placed]]],
) -> None:
    for _, props, movers in drawn:
        for placed in [*props, *movers]:
            points = vertices(placed)
            assert (points > ROOM_LOW - 0.02).all()
            assert (points < ROOM_HIGH + 0.02).all()
            inside = (points > TABLE_LOW + 0.05) & (points < TABLE_HIGH - 0.05)
            assert not inside.all(-1).any()


def test_nothing_comes_to_the_camera(
    drawn: list[tuple[Setting, list[Placed], list[Placed]]],
) -> None:
    for setting, props, movers in drawn:
        cameras = setting.camera_to_world[:, :3, 3]
        for placed in [*props, *movers]:
            axis = placed.poses[:-1, :2, 3]
            if upright(placed):
                assert np.linalg.norm(axis - cameras[:, :2], axis=1).min() > KEPT_OFF


def test_props_rest_and_most_movers_move(
    drawn: list[tuple[Setting, list[Placed], list[Placed]]],
) -> None:
    assert not any(prop.moving().any() for _, props, _ in drawn for prop in props)
    moving = [mover.moving().mean() for _, _, movers in drawn for mover in movers]
    assert np.mean(moving) > 0.5


def test_a_body_moves_when_any_of_its_points_does() -> None:
    turn = 0.5 * np.arange(4) * np.array((1, 1, 1, 1))
    poses = np.tile(np.eye(4), (4, 1, 1))
    poses[:, 0, 0], poses[:, 0, 1] = np.cos(turn), -np.sin(turn)
    poses[:, 1, 0], poses[:, 1, 1] = np.sin(turn), np.cos(turn)
    poses[3] = poses[2]
    np.testing.assert_array_equal(Placed(thing(""), poses).moving(), (True, True, False))
