"""Whatever is done to clips, their truth stays true."""

from __future__ import annotations

import pytest
import torch
from made_up_clips import HEIGHT, UNKNOWN, WIDTH, make_clips, plane_clips

from mem4d_ros.geometry import project, rigid_inverse, transform_points, unproject
from mem4d_ros.training.data.augmentation import (
    View,
    augment,
    blurred,
    look,
    mirrored_where,
    vary_colours,
    vary_images,
    with_blank_patches,
    with_blocks,
    with_negatives,
)
from mem4d_ros.training.data.chance import Chance
from mem4d_ros.training.data.clips import Clips, truth_of
from mem4d_ros.training.variation import AugmentationConfig

CPU = torch.device("cpu")
STRONG = AugmentationConfig((1.0, 2.0), 0.1, 2.0, 0.05, 0.4, 0.5, 0.05)
NONE, ALL = torch.tensor([False]), torch.tensor([True])


def whole(clips: Clips) -> View:
    ones = torch.ones(len(clips.images))
    height, width = clips.images.shape[-2:]
    return View(-0.5 * ones, -0.5 * ones, width * ones, height * ones)


@pytest.mark.parametrize("config", [AugmentationConfig(), STRONG], ids=["mild", "strong"])
def test_points_fall_back_onto_their_pixels(config: AugmentationConfig) -> None:
    """World points, seen by their frame's pose and intrinsics, give pixel and depth again."""
    clips = make_clips(6, frames=3)
    centred = torch.tensor([True, False] * 3)
    seen = augment(clips, (HEIGHT, WIDTH), centred, config, Chance(0, CPU))
    truth = truth_of(seen)
    points = transform_points(rigid_inverse(truth.camera_to_world), truth.points_world)
    pixels, depth = project(points, seen.intrinsics_of_frames)
    y, x = torch.meshgrid(torch.arange(HEIGHT), torch.arange(WIDTH), indexing="ij")
    expected = torch.stack((x, y), -1).float().expand_as(pixels)
    valid = truth.valid
    assert 0.9 < valid.float().mean() < 1
    torch.testing.assert_close(pixels[valid], expected[valid], rtol=0, atol=2e-3)
    torch.testing.assert_close(depth[valid], seen.depth[valid], rtol=0, atol=1e-4)


def test_the_whole_view_changes_nothing() -> None:
    clips = make_clips(2, frames=2)
    seen = look(clips, whole(clips), (HEIGHT, WIDTH))
    torch.testing.assert_close(seen.images, clips.images.float() / 255, rtol=0, atol=1e-5)
    torch.testing.assert_close(seen.depth, clips.depth.float().nan_to_num(0.0), rtol=0, atol=0)
    torch.testing.assert_close(seen.intrinsics, clips.intrinsics)
    assert torch.equal(seen.moving, clips.moving)
    assert (seen.depth[:, :, UNKNOWN[0], UNKNOWN[1]] == 0).all()


def test_a_window_of_half_the_size_is_a_zoom_of_two() -> None:
    """Nearest depth of the right quarter, and a camera that is twice as long."""
    clips = make_clips(1, frames=2)
    quarter = View(*(torch.tensor([v]) for v in (WIDTH / 2 - 0.5, -0.5, WIDTH / 2, HEIGHT / 2)))
    seen = look(clips, quarter, (HEIGHT, WIDTH))
    expected = clips.depth[..., : HEIGHT // 2, WIDTH // 2 :].float().nan_to_num(0.0)
    expected = expected.repeat_interleave(2, -1).repeat_interleave(2, -2)
    assert torch.equal(seen.depth, expected)
    assert torch.equal(seen.intrinsics[:, 0, 0], 2 * clips.intrinsics[:, 0, 0])


def test_a_zoomed_wall_stays_where_it_is() -> None:
    """The points of a plane are the same points whichever part of it is looked at."""
    clips = plane_clips(8, 1, 48, 64)
    centred = torch.zeros(8, dtype=torch.bool)
    seen = augment(clips, (48, 64), centred, STRONG, Chance(1, CPU))
    points = unproject(seen.depth, seen.intrinsics_of_frames)
    assert torch.equal(points[..., 2], torch.full_like(points[..., 2], 3.0))
    assert points[..., 0].abs().max() <= 1.5 * 64 / 63


def test_unknown_intrinsics_keep_the_middle_in_the_middle() -> None:
    clips = plane_clips(50, 1, 48, 64)
    centred = torch.arange(50) < 25
    seen = augment(clips, (48, 64), centred, STRONG, Chance(2, CPU))
    offset = (seen.intrinsics[:, 0, 2] - 31.5).abs()
    assert offset[:25].max() < 1e-3
    assert offset[25:].max() > 5


def test_a_mirror_exchanges_left_and_right_in_space() -> None:
    clips = make_clips(1, frames=3)
    plain, seen = truth_of(clips), truth_of(mirrored_where(ALL, clips))
    flip = torch.tensor([-1.0, 1.0, 1.0])
    torch.testing.assert_close(
        seen.points_world, plain.points_world.flip(-2) * flip, equal_nan=True
    )
    determinants = seen.camera_to_world[0, :, :3, :3].double().det()
    torch.testing.assert_close(determinants, torch.ones(3).double())


def test_a_mirror_undoes_itself_and_may_be_left_out() -> None:
    clips = make_clips(1, frames=3)
    for same in (mirrored_where(ALL, mirrored_where(ALL, clips)), mirrored_where(NONE, clips)):
        for name, value in vars(clips).items():
            torch.testing.assert_close(getattr(same, name), value, equal_nan=True, msg=name)


def test_half_of_the_clips_are_mirrored() -> None:
    clips = plane_clips(200, 2, 8, 8)
    seen = augment(clips, (8, 8), torch.zeros(200).bool(), AugmentationConfig(), Chance(0, CPU))
    to_the_left = seen.camera_to_world[:, 1, 0, 3] < 0
    assert 0.4 < to_the_left.float().mean() < 0.6


def test_colours_change_for_a_whole_sequence_at_once() -> None:
    one_frame = torch.rand(200, 1, 3, 2, 2, generator=torch.Generator().manual_seed(0))
    varied = vary_colours(one_frame.expand(-1, 4, -1, -1, -1), 0.15, 0.0, Chance(0, CPU))
    torch.testing.assert_close(varied, varied[:, :1].expand_as(varied))
    assert varied.min() >= 0
    assert varied.max() <= 1
    is_grey = (varied == varied[:, :, :1]).flatten(1).all(1)
    assert 0.03 < is_grey.float().mean() < 0.2
    brightness = varied.mean((1, 2, 3, 4)) / one_frame.mean((1, 2, 3, 4))
    assert 0.1 < brightness.log().std() < 0.4


def test_flicker_differs_from_frame_to_frame() -> None:
    still = torch.full((50, 4, 3, 2, 2), 0.3)
    varied = vary_colours(still, 0.15, 0.05, Chance(0, CPU)).mean((2, 3, 4))
    assert 0.03 < (varied / varied.mean(1, keepdim=True)).log().std() < 0.07


def test_colours_keep_the_order_of_brightness() -> None:
    ramp = torch.linspace(0, 1, 64).reshape(1, 1, 1, 8, 8).expand(50, 2, 3, 8, 8)
    varied = vary_colours(ramp, 0.15, 0.0, Chance(0, CPU)).flatten(3)
    assert (varied.diff(dim=-1) >= 0).all()


def test_blur_keeps_a_plain_wall_and_softens_noise() -> None:
    plain = torch.full((20, 1, 3, 12, 16), 0.4)
    torch.testing.assert_close(blurred(plain, 2.0, Chance(0, CPU)), plain)
    noise = torch.rand(40, 1, 3, 24, 24)
    left = blurred(noise, 2.0, Chance(0, CPU)).flatten(1).std(1) / noise.flatten(1).std(1)
    assert 0.3 < (left < 0.99).float().mean() < 0.7  # half of them
    assert left.min() < 0.4


def test_blocks_are_what_jpeg_leaves() -> None:
    """A plain wall is a plain wall; noise loses its finest waves, within blocks of 8 px."""
    plain = torch.full((4, 1, 3, 16, 24), 0.5)
    rounded = with_blocks(plain, 1.0, Chance(0, CPU))
    assert (rounded - plain).abs().max() < 0.01
    assert torch.equal(rounded, rounded[..., :1, :1].expand_as(rounded))
    noise = 0.5 + 0.05 * torch.randn(4, 1, 3, 16, 24).clamp(-3, 3)
    coarse = with_blocks(noise, 1.0, Chance(0, CPU))
    assert 0.1 < (coarse - noise).std() / noise.std() < 1.1
    assert torch.equal(with_blocks(noise, 0.0, Chance(0, CPU)), noise)


def test_a_blank_patch_is_of_one_colour_at_one_place_in_all_frames() -> None:
    noise = torch.rand(100, 2, 3, 24, 32, generator=torch.Generator().manual_seed(0))
    painted = with_blank_patches(noise, 0.5, Chance(0, CPU))
    changed = (painted != noise).any(2)  # (B, T, H, W)
    torch.testing.assert_close(changed[:, 0], changed[:, 1])
    assert 0.3 < changed.flatten(1).any(1).float().mean() < 0.6
    largest = changed[:, 0].flatten(1).sum(1).argmax()
    colours = painted[largest, 0, :, changed[largest, 0]]  # (3, pixels)
    assert (colours.std(1) < 0.2).all()
    assert torch.equal(with_blank_patches(noise, 0.0, Chance(0, CPU)), noise)


def test_a_negative_reverses_the_order_of_brightness_in_a_whole_clip() -> None:
    grey = torch.rand(64, 3, 1, HEIGHT, WIDTH).expand(-1, -1, 3, -1, -1)
    seen = with_negatives(grey, 0.25, Chance(0, CPU))
    reversed_ = (seen != grey).flatten(1).any(1)
    assert 6 < reversed_.sum() < 27  # 4 σ about 16
    torch.testing.assert_close(seen[reversed_], 1 - grey[reversed_])
    assert torch.equal(with_negatives(grey, 0.0, Chance(0, CPU)), grey)


def test_a_negative_stays_in_range_whatever_its_hues() -> None:
    images = torch.rand(64, 1, 3, HEIGHT, WIDTH)
    seen = with_negatives(images, 1.0, Chance(1, CPU))
    assert seen.min() >= 0
    assert seen.max() <= 1
    dark, light = images.mean(2) < 0.25, images.mean(2) > 0.75
    assert seen.mean(2)[dark].min() > seen.mean(2)[light].max()


def test_the_sky_stays_the_sky_and_unknown_unknown() -> None:
    clips = plane_clips(4, 1, 16, 24)
    clips.depth[:, :, :4] = torch.inf
    clips.depth[:, :, 4:8] = torch.nan
    whole = AugmentationConfig()
    seen = augment(clips, (16, 24), torch.zeros(4).bool(), whole, Chance(0, CPU))
    assert (seen.depth[:, :, :4] == torch.inf).all()
    truth = truth_of(seen)
    assert truth.sky[:, :, :4].all()
    assert not truth.sky[:, :, 4:].any()
    assert not truth.valid[:, :, :8].any()


def test_images_stay_in_range_and_truth_as_it_is() -> None:
    clips = plane_clips(6, 2, 16, 24)
    varied = vary_images(clips, STRONG, Chance(0, CPU))
    assert varied.images.min() >= 0
    assert varied.images.max() <= 1
    assert varied.images.isfinite().all()
    assert varied.depth is clips.depth


def test_a_zoom_below_one() -> None:
    with pytest.raises(ValueError, match="zoom must be a minimum of at least 1"):
        AugmentationConfig(zoom=(0.5, 1.0))
