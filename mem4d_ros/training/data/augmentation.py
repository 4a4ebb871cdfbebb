"""Clips as other cameras would have taken them: what they look at, and how it looks.

All of a batch at once, on its device; what is drawn is drawn for each clip, little for each frame.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from mem4d_ros.training.data.chance import Chance
from mem4d_ros.training.data.clips import Clips
from mem4d_ros.training.variation import AugmentationConfig

_BLUR_TAPS = 9
_BLOCK = 8
_SKY_M = 1e6
"""The sky's depth while images are resampled, which may multiply by zero."""


def augment(
    clips: Clips,
    size: tuple[int, int],
    centred: Tensor,
    config: AugmentationConfig,
    chance: Chance,
) -> Clips:
    """Clips of `size` (H, W), varied; their truth and intrinsics follow.

    Args:
        centred: (B,) bool, whose views keep the principal point where it is in their images: those
            whose intrinsics the network has to guess, from a field of view alone.
    """
    view = draw_view(clips, size, centred, config, chance)
    seen = look(clips, view, size)
    return mirrored_where(chance.happens(0.5, len(clips.images)), vary_images(seen, config, chance))


@dataclass(frozen=True)
class View:
    """A window (B,) in each clip's images: its left and upper edge and its size, in px."""

    left: Tensor
    top: Tensor
    width: Tensor
    height: Tensor


def draw_view(
    clips: Clips,
    size: tuple[int, int],
    centred: Tensor,
    config: AugmentationConfig,
    chance: Chance,
) -> View:
    """Windows of the shape of `size`, but for `aspect`, anywhere within the images."""
    batch, (height, width) = len(clips.images), clips.images.shape[-2:]
    widest = min(width, height * size[1] / size[0])
    zoom = chance.log_uniform(*config.zoom, batch)
    stretch = (config.aspect / 2 * chance.normal(batch)).exp()
    across = widest / (zoom * stretch).clamp_min(1)
    down = widest * size[0] / size[1] / (zoom / stretch).clamp_min(1)
    u, v = (chance.uniform(batch).where(~centred, 0.5) for _ in range(2))
    return View((width - across) * u - 0.5, (height - down) * v - 0.5, across, down)


def look(clips: Clips, view: View, size: tuple[int, int]) -> Clips:
    """Contents of the windows at `size` (H, W); depth is that of the nearest pixel, never mixed."""
    height, width = clips.images.shape[-2:]

    def sampled(start: Tensor, extent: Tensor, count: int, pixels: int) -> Tensor:
        """Positions of the new pixels' centres, -1 to 1 from edge to edge: (B, count)."""
        steps = (torch.arange(count, device=start.device) + 0.5) / count
        return (2 * (start[:, None] + extent[:, None] * steps) + 1) / pixels - 1

    x = sampled(view.left, view.width, size[1], width)[:, None, :].expand(-1, size[0], -1)
    y = sampled(view.top, view.height, size[0], height)[:, :, None].expand(-1, -1, size[1])
    grid = torch.stack((x, y), dim=-1)  # (B, H, W, 2)
    images = F.grid_sample(
        _unit_range(clips.images).flatten(1, 2), grid, padding_mode="border", align_corners=False
    )
    depth = clips.depth.float().nan_to_num(0.0, posinf=_SKY_M)
    both = torch.cat((depth, clips.moving.float()), dim=1)  # (B, 2 · T, h, w)
    both = F.grid_sample(both, grid, mode="nearest", padding_mode="border", align_corners=False)
    depth, moving = both.chunk(2, dim=1)
    depth = depth.masked_fill(depth == _SKY_M, torch.inf)
    scale_x, scale_y = size[1] / view.width, size[0] / view.height
    zero, one = torch.zeros_like(scale_x), torch.ones_like(scale_x)
    to_view = torch.stack(
        (
            scale_x, zero, -view.left * scale_x - 0.5,
            zero, scale_y, -view.top * scale_y - 0.5,
            zero, zero, one,
        ),
        dim=-1,
    ).unflatten(-1, (3, 3))  # fmt: skip
    return Clips(
        images=images.unflatten(1, (-1, 3)),
        depth=depth,
        camera_to_world=clips.camera_to_world,
        intrinsics=to_view @ clips.intrinsics,
        moving=moving > 0.5,
    )


def mirrored_where(chosen: Tensor, clips: Clips) -> Clips:
    """The clips of `chosen` (B,) bool with left and right exchanged; their cameras move so too."""
    mirror = torch.ones_like(clips.camera_to_world[0, 0, 0])  # (4,)
    mirror[0].fill_(-1)  # copied from the host it would make it wait
    intrinsics = clips.intrinsics.clone()
    intrinsics[:, 0, 2] = clips.images.shape[-1] - 1 - intrinsics[:, 0, 2]

    def either(seen: Tensor, plain: Tensor) -> Tensor:
        return torch.where(chosen.view(-1, *[1] * (plain.dim() - 1)), seen, plain)

    return Clips(
        images=either(clips.images.flip(-1), clips.images),
        depth=either(clips.depth.flip(-1), clips.depth),
        camera_to_world=either(
            mirror[:, None] * clips.camera_to_world * mirror, clips.camera_to_world
        ),
        intrinsics=either(intrinsics, clips.intrinsics),
        moving=either(clips.moving.flip(-1), clips.moving),
    )


def vary_images(clips: Clips, config: AugmentationConfig, chance: Chance) -> Clips:
    """The same clips through other optics, sensors and encoders."""
    images = _unit_range(clips.images)
    if config.blur:
        images = blurred(images, config.blur, chance)
    if config.vignette:
        images = images * _vignette(images, config.vignette, chance)
    if config.negatives:
        images = with_negatives(images, config.negatives, chance)
    images = vary_colours(images, config.exposure, config.flicker, chance)
    if config.patches:
        images = with_blank_patches(images, config.patches, chance)
    if config.noise:
        sigma = config.noise * chance.uniform(len(images)).square().view(-1, 1, 1, 1, 1)
        images = (images + sigma * chance.normal(*images.shape)).clamp(0, 1)
    if config.blocks:
        images = with_blocks(images, config.blocks, chance)
    return Clips(images, clips.depth, clips.camera_to_world, clips.intrinsics, clips.moving)


def vary_colours(images: Tensor, exposure: float, flicker: float, chance: Chance) -> Tensor:
    """Images (B, T, 3, H, W) in [0, 1] as other cameras would take them.

    Each clip gets its own gamma, exposure (σ of the log) and white balance; one in ten is grey.
    Each frame's exposure differs by `flicker` (σ of the log).
    """
    batch, length = images.shape[:2]

    def each(values: Tensor) -> Tensor:
        """(B, T or 1, c) to (B, T or 1, c, 1, 1)."""
        return values[..., None, None]

    gamma = (0.15 * chance.normal(batch, 1, 1)).exp()
    gain = (0.08 * chance.normal(batch, 1, 3) + exposure * chance.normal(batch, 1, 1)).exp()
    gain = gain * (flicker * chance.normal(batch, length, 1)).exp()
    # Black stays black, and the power's slope there stays finite.
    varied = (images.clamp_min(1e-6).pow(each(gamma)) * each(gain)).clamp(0, 1)
    is_grey = each(chance.happens(0.1, batch, 1, 1))
    return torch.where(is_grey, varied.mean(dim=2, keepdim=True), varied)


def with_negatives(images: Tensor, share: float, chance: Chance) -> Tensor:
    """Images (B, T, 3, H, W) in [0, 1]; in this fraction of clips light and dark change places.

    Brightness then says nothing of depth: a white wall is not far for being white. Hues turn to
    their opposites, or pale.
    """
    batch = len(images)
    brightness = images.mean(dim=2, keepdim=True)
    tint = chance.between(-1, 1, batch).view(-1, 1, 1, 1, 1) * (images - brightness)
    negative = (1 - brightness + tint).clamp(0, 1)
    chosen = chance.happens(share, batch).view(-1, 1, 1, 1, 1)
    return torch.where(chosen, negative, images)


def blurred(images: Tensor, largest: float, chance: Chance) -> Tensor:
    """Images (B, T, 3, H, W) out of focus, or in motion; half of the clips stay as they are."""
    batch = len(images)
    blur = chance.happens(0.5, batch)
    offsets = torch.arange(_BLUR_TAPS, device=images.device) - _BLUR_TAPS // 2
    for dim in (-1, -2):
        sigma = (largest * chance.uniform(batch)).where(blur, 0).clamp_min(1e-3)
        taps = (-0.5 * (offsets / sigma[:, None]).square()).exp()
        taps = taps / taps.sum(1, keepdim=True)  # (B, taps)
        reach = _BLUR_TAPS // 2
        padding = (reach, reach, 0, 0) if dim == -1 else (0, 0, reach, reach)
        padded = F.pad(images.flatten(1, 2), padding, mode="replicate").unflatten(1, (-1, 3))
        size = images.shape[dim]
        images = sum(
            taps[:, i].view(-1, 1, 1, 1, 1) * padded.narrow(dim, i, size) for i in range(_BLUR_TAPS)
        )
    return images


def _vignette(images: Tensor, largest: float, chance: Chance) -> Tensor:
    """Factor of vignetting: (B, 1, 1, H, W)."""
    height, width = images.shape[-2:]
    y = torch.linspace(-1, 1, height, device=images.device)[:, None]
    x = torch.linspace(-1, 1, width, device=images.device)
    loss = largest * chance.uniform(len(images)).view(-1, 1, 1, 1, 1)
    return 1 - loss * (x * x + y * y) / 2


def with_blank_patches(images: Tensor, share: float, chance: Chance) -> Tensor:
    """Images (B, T, 3, H, W) with an ellipse or a tilted rectangle of one colour on what they show.

    Only in this fraction of clips, at one place in all frames; most are bright. What is blank
    then has the depth of what is around it, and is neither sky nor near for being blank.
    """
    batch, (height, width) = len(images), images.shape[-2:]
    at = [chance.uniform(batch).view(-1, 1, 1) for _ in range(2)]
    half = [chance.log_uniform(0.06, 0.5, batch).view(-1, 1, 1) for _ in range(2)]
    turn = (0.4 * chance.normal(batch)).view(-1, 1, 1)
    y = (torch.arange(height, device=images.device)[:, None] - at[1] * height) / width
    x = (torch.arange(width, device=images.device) - at[0] * width) / width
    along = (x * turn.cos() + y * turn.sin()) / half[0]  # (B, H, W)
    across = (y * turn.cos() - x * turn.sin()) / half[1]
    round_ = chance.happens(0.3, batch).view(-1, 1, 1)
    within = torch.where(round_, along.square() + across.square(), along.abs().max(across.abs()))
    within = (within < 1) & chance.happens(share, batch).view(-1, 1, 1)
    bright = chance.happens(0.75, batch)
    level = torch.where(bright, chance.between(0.7, 1.1, batch), chance.between(0.0, 0.5, batch))
    colour = level[:, None] + 0.04 * chance.normal(batch, 3)  # (B, 3)
    shade = 1 + 0.1 * chance.normal(batch).view(-1, 1, 1) * along.clamp(-1, 1)
    paint = (colour[:, :, None, None] * shade[:, None]).clamp(0, 1)  # (B, 3, H, W)
    return torch.where(within[:, None, None], paint[:, None], images)


def with_blocks(images: Tensor, share: float, chance: Chance) -> Tensor:
    """Images (B, T, 3, H, W) whose cosine transform by blocks is rounded, as JPEG does.

    Only in this fraction of clips, coarser in some than in others. H and W are multiples of 8.
    """
    frequency = torch.arange(_BLOCK, device=images.device)
    angles = math.pi / _BLOCK * (frequency[:, None] * (frequency + 0.5))
    basis = angles.cos() * math.sqrt(2 / _BLOCK)
    basis[0] /= math.sqrt(2)  # (frequency, position), orthonormal
    coarseness = chance.between(0.01, 0.06, len(images)).view(-1, 1, 1, 1, 1, 1, 1)
    step = coarseness * (1 + frequency[:, None] + frequency)[:, None, :]  # (…, 8, 1, 8)
    blocks = images.unflatten(-1, (-1, _BLOCK)).unflatten(-3, (-1, _BLOCK))  # (…, h, 8, w, 8)
    waves = torch.einsum("...aibj,ui,vj->...aubv", blocks, basis, basis)
    waves = (waves / step).round() * step
    back = torch.einsum("...aubv,ui,vj->...aibj", waves, basis, basis)
    back = back.flatten(-2).flatten(-3, -2).clamp(0, 1)
    blocked = chance.happens(share, len(images)).view(-1, 1, 1, 1, 1)
    return torch.where(blocked, back, images)


def _unit_range(images: Tensor) -> Tensor:
    """uint8 images in [0, 1]; others as they are."""
    return images.float() / 255 if images.dtype == torch.uint8 else images
