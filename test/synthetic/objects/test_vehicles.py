from __future__ import annotations

import numpy as np
import pytest

from mem4d_ros.geometry import transform_points
from mem4d_ros.synthetic.objects.palette import Palette
from mem4d_ros.synthetic.objects.vehicles import car, van
from mem4d_ros.synthetic.places.traffic import driver
from mem4d_ros.synthetic.scene.motion import Straight
from mem4d_ros.synthetic.scene.primitives import Shape
from mem4d_ros.synthetic.scene.scene import Part
from mem4d_ros.synthetic.textures.library import standard_library

MAKERS = {"car": car, "van": van}
PAVEMENT = (-30.0, 30.0, 6.0, 8.0)


def palette(seed: int) -> Palette:
    return Palette(np.random.default_rng(seed), standard_library())


def wheels(parts: list[Part]) -> list[Part]:
    return [part for part in parts if part.shape == Shape.CYLINDER]


@pytest.mark.parametrize("maker", MAKERS)
@pytest.mark.parametrize("seed", range(4))
def test_it_stands_on_four_wheels_and_is_as_large_as_a_car(maker: str, seed: int) -> None:
    parts = MAKERS[maker](palette(seed), speed=0.0)
    reach = np.stack([np.abs(p.pose[:3, :3]) @ p.half_size for p in parts])
    centre = np.stack([p.pose[:3, 3] for p in parts])
    low, high = (centre - reach).min(0), (centre + reach).max(0)
    assert low[2] == pytest.approx(0.0, abs=0.01)
    assert (high - low > [3.5, 1.6, 1.3]).all()
    assert (high - low < [6.4, 2.3, 2.8]).all()
    assert len(wheels(parts)) == 8  # a tyre and a rim each
    assert all(part.motion is None for part in parts)


def test_rolling_wheels_do_not_slip() -> None:
    """The point of a tyre that touches the road stands still."""
    lane = np.array([(-45.0, -1.5, -0.12), (45.0, -1.5, -0.12)])
    parts = driver(palette(0), PAVEMENT, lane)
    tyre = max(wheels(parts), key=lambda part: part.half_size[0])
    now, later = tyre.poses(np.array([0.4, 0.4 + 1e-5]))
    contact = now[:3, 3] - [0, 0, tyre.half_size[0]]
    assert contact[2] == pytest.approx(-0.12)
    moved = transform_points(later, transform_points(np.linalg.inv(now), contact[None]))[0]
    speed = np.linalg.norm(later[:3, 3] - now[:3, 3]) / 1e-5
    assert speed > 1
    assert np.linalg.norm(moved - contact) / 1e-5 < 1e-3 * speed


def test_a_driver_faces_along_the_lane() -> None:
    lane = np.array([(45.0, 1.5, 0.0), (-45.0, 1.5, 0.0)])
    body = driver(palette(1), PAVEMENT, lane)[0]
    poses = body.poses(np.array([0.0, 1.0]))
    going = poses[1, :3, 3] - poses[0, :3, 3]
    np.testing.assert_allclose(going / np.linalg.norm(going), [-1, 0, 0], atol=1e-9)
    assert Straight((0, 0, 0), (-1, 0, 0))(np.zeros(1))[0, 0, 0] == pytest.approx(-1.0)
