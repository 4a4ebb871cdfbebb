from __future__ import annotations

import numpy as np
import pytest

from mem4d_ros.synthetic.objects.palette import Palette
from mem4d_ros.synthetic.objects.stairs import flight, staircase
from mem4d_ros.synthetic.scene.scene import Material, Part
from mem4d_ros.synthetic.textures.library import standard_library

PLAIN = Material(texture=0)


def height_at(parts: list[Part], x: float, y: float) -> float:
    """The top of the highest box over a point."""
    tops = [
        part.pose[2, 3] + part.half_size[2]
        for part in parts
        if (np.abs(part.pose[:2, 3] - (x, y)) < part.half_size[:2]).all()
    ]
    return max(tops, default=0.0)


@pytest.mark.parametrize("steps", [1, 4, 9])
def test_a_flight_climbs_one_rise_each_going(steps: int) -> None:
    parts = flight(steps, rise=0.17, going=0.28, width=1.0, tread=PLAIN, riser=PLAIN)
    heights = [height_at(parts, 0.28 * (step + 0.4), 0.1) for step in range(steps)]
    np.testing.assert_allclose(heights, 0.17 * np.arange(1, steps + 1))
    assert height_at(parts, -0.1, 0) == height_at(parts, 0.28 * steps + 0.1, 0) == 0


def test_steps_are_solid_down_to_the_floor() -> None:
    risers = flight(5, 0.17, 0.28, 1.0, PLAIN, PLAIN)[::2]
    assert [part.pose[2, 3] - part.half_size[2] for part in risers] == pytest.approx([0.0] * 5)


@pytest.mark.parametrize("seed", range(12))
def test_a_staircase_stands_within_its_own_bounds(seed: int) -> None:
    stairs = staircase(Palette(np.random.default_rng(seed), standard_library()))
    for part in stairs.parts:
        reach = np.abs(part.pose[:3, :3]) @ part.half_size
        low, high = part.pose[:3, 3] - reach, part.pose[:3, 3] + reach
        assert np.linalg.det(part.pose) == pytest.approx(1.0)  # not mirrored
        assert (low > [-stairs.width / 2 - 0.03, -0.02, -1e-9]).all()
        assert (high < [stairs.width / 2 + 0.03, stairs.depth + 0.02, stairs.height + 0.1]).all()
