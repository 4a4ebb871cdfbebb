from __future__ import annotations

import pytest
import torch

from mem4d_ros.synthetic.scene.sky import WHITE, Sky
from mem4d_ros.synthetic.textures.library import standard_library

TEXTURES = standard_library()
BLUE = Sky(horizon=(0.9, 0.9, 0.8), zenith=(0.1, 0.2, 0.7))


def towards(*direction: float, sky: Sky = BLUE) -> torch.Tensor:
    return sky.radiance(torch.tensor([direction]), TEXTURES)[0]


def test_the_plain_sky_is_white_everywhere() -> None:
    directions = torch.randn(50, 3, generator=torch.Generator().manual_seed(0))
    assert (WHITE.radiance(directions, TEXTURES) == 1).all()


def test_it_goes_from_the_horizon_to_the_zenith() -> None:
    torch.testing.assert_close(towards(1.0, 2.0, 0.0), torch.tensor(BLUE.horizon))
    torch.testing.assert_close(towards(0.0, 0.0, 3.0), torch.tensor(BLUE.zenith))
    torch.testing.assert_close(towards(1.0, 0.0, -0.4), torch.tensor(BLUE.horizon))
    blues = [float(towards(1.0, 0.0, rise)[2] / towards(1.0, 0.0, rise)[0]) for rise in (0, 1, 9)]
    assert blues == sorted(blues)


def test_it_does_not_depend_on_the_length_of_a_ray() -> None:
    cloudy = Sky(cover=0.8, clouds=(0.2, 0.2, 0.2), texture=TEXTURES.members["clouds"][0])
    near, far = towards(1.0, 0.5, 0.7, sky=cloudy), towards(10.0, 5.0, 7.0, sky=cloudy)
    torch.testing.assert_close(near, far)


@pytest.mark.parametrize("cover", [0.3, 1.0])
def test_clouds_hide_as_much_as_their_cover(cover: float) -> None:
    """Against the density that the texture holds, whose mean is what all directions see."""
    texture = TEXTURES.members["clouds"][1]
    sky = Sky(clouds=(0.0, 0.0, 0.0), cover=cover, texture=texture)
    angle = torch.rand(20_000, 2, generator=torch.Generator().manual_seed(1)) * 2 - 1
    directions = torch.cat((40 * angle, torch.ones(len(angle), 1)), 1)
    brightness = sky.radiance(directions, TEXTURES)
    assert brightness.min() >= 1 - cover - 1e-6
    assert brightness.max() <= 1
    assert brightness.std() > 0.02
