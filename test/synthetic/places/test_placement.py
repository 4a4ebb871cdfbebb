from __future__ import annotations

import numpy as np
import pytest

from mem4d_ros.synthetic.objects.bodies import moved
from mem4d_ros.synthetic.places.placement import LOOK_AHEAD, clear_body
from mem4d_ros.synthetic.places.room import make_room
from mem4d_ros.synthetic.scene.motion import Straight
from mem4d_ros.synthetic.scene.scene import Material, Part, box, ellipsoid
from mem4d_ros.synthetic.textures.library import standard_library

PLAIN = Material(texture=0)
FLOOR = (-2.0, 2.0, -2.0, 2.0)


def ball_along(y: float) -> list[Part]:
    """A ball of radius 0.1 that rolls along x at this y."""
    sphere = ellipsoid((0.2, 0.2, 0.2), (0, 0, 0.1), PLAIN)
    return moved([sphere], Straight((-2.0, y, 0.0), (0.5, 0.0, 0.0)))


def chosen_among(ways: list[float], obstacles: list[Part]) -> float:
    """The way (y) of the ball that is chosen when these are drawn one after another."""
    drawn = iter(ways)
    body = clear_body(lambda palette, floor: ball_along(next(drawn)), None, FLOOR, obstacles)
    return float(body[0].poses(np.zeros(1))[0, 1, 3])


def test_the_first_that_meets_nothing_is_taken() -> None:
    chest = box((1.0, 1.0, 1.0), (0, 0, 0.5), PLAIN)
    assert chosen_among([0.0, 0.55, 0.7, 1.5], [chest]) == 0.7
    assert chosen_among([0.0, 1.5, 0.7], [chest]) == 1.5


def test_what_is_out_of_reach_is_in_nobodys_way() -> None:
    lamp = box((4.0, 4.0, 0.1), (0, 0, 6.0), PLAIN)
    next_door = box((4.0, 4.0, 1.0), (0, 9.0, 0.5), PLAIN)
    assert chosen_among([0.3, 1.0], [lamp, next_door]) == 0.3


def test_what_moves_is_avoided_where_it_will_be() -> None:
    """Two balls on one way: the other comes from the far end."""
    other = moved(
        [ellipsoid((0.2, 0.2, 0.2), (0, 0, 0.1), PLAIN)], Straight((2, 0, 0), (-0.5, 0, 0))
    )
    assert chosen_among([0.0, 0.5], other) == 0.5


@pytest.mark.slow
def test_bodies_in_rooms_mostly_keep_out_of_the_furniture() -> None:
    """By sampling: no middle of a moving part is inside a part that stands still."""
    free = []
    for seed in range(20):
        scene = make_room(np.random.default_rng(seed), standard_library(), 2).scene
        still = [p for p in scene.parts if p.motion is None and p.casts_shadow]
        moving = [p for p in scene.parts if p.motion is not None]
        middles = np.concatenate([p.poses(LOOK_AHEAD)[:, :3, 3] for p in moving])
        inside = np.zeros(len(middles), bool)
        for part in still:
            local = (middles - part.pose[:3, 3]) @ part.pose[:3, :3]
            inside |= (np.abs(local) < part.half_size).all(-1)
        free.append(not inside.any())
    assert np.mean(free) > 0.8
