from __future__ import annotations

import numpy as np
import pytest
import torch

from mem4d_ros.synthetic.rendering.camera_effects import CameraEffects, photograph

TIMES = np.arange(3) / 15.0


@pytest.fixture
def radiance() -> torch.Tensor:
    return torch.rand(3, 24, 32, 3, generator=torch.Generator().manual_seed(0))


def shot(
    radiance: torch.Tensor, effects: CameraEffects, flow: torch.Tensor | None = None, seed: int = 0
) -> torch.Tensor:
    flow = torch.zeros(*radiance.shape[:3], 2) if flow is None else flow
    return photograph(radiance, flow, TIMES, effects, seed)


def test_a_plain_camera_exposes_and_applies_the_tone_curve(radiance: torch.Tensor) -> None:
    images = shot(radiance, CameraEffects(brightness=0.2))
    exposed = (radiance * 0.2 / radiance.mean()).permute(0, 3, 1, 2)
    torch.testing.assert_close(images, exposed.clamp(0, 1) ** (1 / 2.2), atol=0.51 / 255, rtol=0)


def test_images_are_bytes_between_zero_and_one(radiance: torch.Tensor) -> None:
    images = shot(3 * radiance, CameraEffects.draw(np.random.default_rng(0)))
    assert images.shape == (3, 3, 24, 32)
    assert images.min() >= 0
    assert images.max() <= 1
    torch.testing.assert_close(images * 255, (images * 255).round(), atol=1e-4, rtol=0)


def test_exposure_does_not_depend_on_how_bright_the_scene_is(radiance: torch.Tensor) -> None:
    effects = CameraEffects()
    assert torch.equal(shot(radiance, effects), shot(radiance * 4, effects))


def test_one_exposure_holds_for_the_whole_sequence_unless_it_drifts() -> None:
    still = torch.full((3, 8, 8, 3), 0.4)
    steady = shot(still, CameraEffects())
    assert (steady == steady[0]).all()
    drifting = shot(still, CameraEffects(exposure_drift=0.5))
    assert (drifting[0] != drifting[2]).all()


def test_white_balance_scales_channels(radiance: torch.Tensor) -> None:
    grey = radiance[..., :1].expand(-1, -1, -1, 3)
    images = shot(grey, CameraEffects(white_balance=(1.2, 1.0, 0.8)))
    red, green, blue = images.mean((0, 2, 3))
    assert red > green > blue


def test_corners_are_darker(radiance: torch.Tensor) -> None:
    images = shot(torch.full((3, 25, 33, 3), 0.5), CameraEffects(vignetting=0.5))
    middle, corner = images[0, 0, 12, 16], images[0, 0, 0, 0]
    assert corner / middle == pytest.approx(0.5 ** (1 / 2.2), abs=0.01)


def test_noise_has_the_declared_strength_and_comes_from_the_seed() -> None:
    flat = torch.full((3, 100, 100, 3), 0.25)
    effects = CameraEffects(brightness=0.25, shot_noise=0.02, read_noise=0.005)
    images = shot(flat, effects, seed=1)
    linear = images.double() ** 2.2
    expected = (0.02**2 * 0.25 + 0.005**2) ** 0.5
    assert float(linear.std()) == pytest.approx(expected, rel=0.05)
    assert torch.equal(images, shot(flat, effects, seed=1))
    assert not torch.equal(images, shot(flat, effects, seed=2))


def test_what_moves_is_blurred_along_its_way_and_what_stands_is_not() -> None:
    stripes = torch.zeros(3, 16, 32, 3)
    stripes[:, :, ::4] = 1.0
    along = torch.zeros(3, 16, 32, 2)
    along[..., 0] = 8.0  # px to the right: with half a frame of shutter, one period of the stripes
    effects = CameraEffects(shutter=0.5)
    sharp, blurred = shot(stripes, effects), shot(stripes, effects, along)
    down = shot(stripes, effects, along.flip(-1))
    inner = (..., slice(4, -4), slice(6, -6))
    assert blurred[inner].std() < 0.3 * sharp[inner].std()
    torch.testing.assert_close(down, sharp, atol=0.01, rtol=0)


def test_softness_spreads_a_point_and_keeps_its_light() -> None:
    point = torch.full((3, 33, 256, 3), 1e-3)
    point[:, 16, 128] = 0.2
    sharp = shot(point, CameraEffects(brightness=1e-3)).double() ** 2.2
    soft = shot(point, CameraEffects(brightness=1e-3, softness=1.0)).double() ** 2.2
    assert soft.amax() < 0.3 * sharp.amax()
    assert soft[0, 0, 16, 130] > soft[0, 0, 16, 134]


def test_jpeg_loses_more_the_lower_its_quality(radiance: torch.Tensor) -> None:
    smooth = torch.nn.functional.avg_pool2d(radiance.permute(0, 3, 1, 2), 5, 1, 2)
    smooth = smooth.permute(0, 2, 3, 1)
    original = shot(smooth, CameraEffects())
    errors = [
        float((shot(smooth, CameraEffects(jpeg_quality=q)) - original).square().mean().sqrt())
        for q in (95, 60, 10)
    ]
    assert 0 < errors[0] < errors[1] < errors[2]
    assert errors[0] < 0.02


def test_a_coarse_jpeg_shows_its_blocks_of_eight_pixels() -> None:
    """A slope has the same step everywhere; coded coarsely it steps between blocks."""
    slope = torch.linspace(0.1, 0.5, 64).view(1, 1, 64, 1).expand(3, 64, 64, 3)
    images = shot(slope, CameraEffects(jpeg_quality=5))
    steps = (images[..., 1:] - images[..., :-1]).abs().mean((0, 1, 2))
    borders = torch.arange(7, 63, 8)
    inner = torch.ones(63, dtype=torch.bool)
    inner[borders] = False
    assert steps[borders].mean() > 3 * steps[inner].mean()


def test_jpeg_keeps_colours_in_their_channels_and_frames_in_their_order() -> None:
    flat = torch.tensor([[0.5, 0.1, 0.02], [0.02, 0.5, 0.1], [0.1, 0.02, 0.5]])
    radiance = flat[:, None, None].expand(3, 16, 16, 3)
    plain = shot(radiance, CameraEffects())
    torch.testing.assert_close(
        shot(radiance, CameraEffects(jpeg_quality=95)), plain, atol=3 / 255, rtol=0
    )
