from __future__ import annotations

import numpy as np
import pytest

from mem4d_ros.synthetic.places.room import make_room
from mem4d_ros.synthetic.scene.stage import Stage
from mem4d_ros.synthetic.textures.library import standard_library


def room(seed: int, bodies: int = 0) -> Stage:
    return make_room(np.random.default_rng(seed), standard_library(), bodies)


def corners(stage: Stage) -> tuple[np.ndarray, np.ndarray]:
    """The corners (P, 3), (P, 3) of the axis-aligned boxes around all parts."""
    reach = np.stack([np.abs(p.pose[:3, :3]) @ p.half_size for p in stage.scene.parts])
    centre = np.stack([p.pose[:3, 3] for p in stage.scene.parts])
    return centre - reach, centre + reach


@pytest.mark.parametrize("seed", range(8))
def test_a_room_is_closed_and_holds_everything(seed: int) -> None:
    """The first six parts that are not shadow casters are floor, ceiling and walls."""
    low, high = corners(room(seed))
    outer_low, outer_high = low.min(0), high.max(0)
    size = outer_high - outer_low
    assert (size > [2.8, 2.6, 2.2]).all()
    assert (size < [6.5, 5.5, 3.3]).all()
    assert outer_low[2] == pytest.approx(-0.1)  # nothing is below the floor's slab


@pytest.mark.parametrize("seed", range(8))
def test_rooms_are_furnished(seed: int) -> None:
    stage = room(seed)
    assert 30 < len(stage.scene.parts) < 700
    assert len(stage.interests) >= 3
    assert stage.floor[0] < stage.floor[1]
    assert stage.floor[2] < stage.floor[3]
    assert stage.scene.lights


@pytest.mark.parametrize("bodies", [0, 1, 3])
def test_only_bodies_move(bodies: int) -> None:
    times = np.linspace(0, 2, 5)
    for seed in range(4):
        moving = [p for p in room(seed, bodies).scene.parts if np.ptp(p.poses(times), 0).max() > 0]
        assert (len(moving) > 0) == (bodies > 0)


def test_rooms_differ_from_seed_to_seed_and_not_otherwise() -> None:
    def summary(stage: Stage) -> np.ndarray:
        return np.concatenate([np.append(p.pose.ravel(), p.half_size) for p in stage.scene.parts])

    assert np.array_equal(summary(room(5)), summary(room(5)))
    assert not np.array_equal(summary(room(5))[:200], summary(room(6))[:200])
