"""From radiance to the bytes of a camera: lens, exposure, colours, noise, tone curve, JPEG."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

TAPS = 7  # samples of a motion-blurred pixel


@dataclass(frozen=True)
class CameraEffects:
    """What one camera does to a sequence. The default only exposes and applies the tone curve."""

    brightness: float = 0.22  # mean linear value that the exposure aims at
    exposure_drift: float = 0.0  # slow changes of exposure, in stops
    white_balance: tuple[float, float, float] = (1.0, 1.0, 1.0)
    vignetting: float = 0.0  # loss of light in the corners
    softness: float = 0.0  # standard deviation of the lens' blur, in pixels at a width of 256
    shutter: float = 0.0  # share of the frame interval during which the shutter is open
    shot_noise: float = 0.0  # of a linear value of 1
    read_noise: float = 0.0
    contrast: float = 0.0  # strength of an S-shaped tone curve
    jpeg_quality: int | None = None  # of the file, 1 to 100; None for one without loss

    @classmethod
    def draw(cls, rng: np.random.Generator) -> CameraEffects:
        """An ordinary camera."""
        red, blue = rng.normal(1.0, 0.07, 2)
        return cls(
            brightness=float(np.exp(rng.normal(np.log(0.25), 0.35))),
            exposure_drift=float(abs(rng.normal(0, 0.15))),
            white_balance=(float(red), 1.0, float(blue)),
            vignetting=float(rng.uniform(0, 0.35)),
            softness=float(rng.uniform(0.3, 0.7)),
            shutter=float(rng.uniform(0.05, 0.5)) if rng.random() < 0.6 else 0.0,
            shot_noise=float(rng.uniform(0.0, 0.02)),
            read_noise=float(rng.uniform(0.0, 0.006)),
            contrast=float(rng.uniform(0.0, 0.6)),
            jpeg_quality=int(rng.integers(55, 98)) if rng.random() < 0.7 else None,
        )


def photograph(
    radiance: Tensor, image_flow: Tensor, times: np.ndarray, effects: CameraEffects, seed: int
) -> Tensor:
    """Images (T, 3, H, W) in [0, 1], in steps of 1/255, of radiance (T, H, W, 3).

    image_flow (T, H, W, 2): pixels that each surface point moves until the next frame.
    """
    image = radiance.permute(0, 3, 1, 2)
    if effects.shutter > 0:
        image = _motion_blur(image, image_flow * effects.shutter)
    if effects.softness > 0:
        image = _gaussian(image, effects.softness * image.shape[-1] / 256)
    if effects.vignetting > 0:
        image = image * _vignette(image, effects.vignetting)
    gain = image.new_tensor(effects.white_balance).view(1, 3, 1, 1)
    image = image * gain * _exposure(image, times, effects)
    if effects.shot_noise + effects.read_noise > 0:
        image = _noisy(image, effects, seed)
    image = image.clamp(0, 1) ** (1 / 2.2)
    image = torch.lerp(image, image * image * (3 - 2 * image), effects.contrast)
    pixels = (image * 255).round()
    if effects.jpeg_quality is not None:
        pixels = _jpeg(pixels, effects.jpeg_quality)
    return pixels / 255


def _exposure(image: Tensor, times: np.ndarray, effects: CameraEffects) -> Tensor:
    """Gains (T, 1, 1, 1): one for the sequence, with a slow drift; highlights may burn out."""
    level = image.clamp_max(4 * image.mean()).mean().clamp_min(1e-6)
    drift = effects.exposure_drift * np.sin(2 * np.pi * times / 3.7)
    stops = torch.as_tensor(drift, dtype=image.dtype, device=image.device)
    return (effects.brightness / level * 2**stops).view(-1, 1, 1, 1)


def _motion_blur(image: Tensor, flow: Tensor) -> Tensor:
    """The mean along the way (T, H, W, 2) in px that each pixel makes while the shutter is open."""
    frames, _, height, width = image.shape
    identity = torch.eye(2, 3, device=image.device).expand(frames, -1, -1)
    grid = F.affine_grid(identity, [frames, 3, height, width], align_corners=False)
    step = flow * flow.new_tensor([2 / width, 2 / height])
    blurred = torch.zeros_like(image)
    for share in np.linspace(-0.5, 0.5, TAPS).tolist():
        blurred += F.grid_sample(
            image, grid + share * step, padding_mode="border", align_corners=False
        )
    return blurred / TAPS


def _gaussian(image: Tensor, sigma: float) -> Tensor:
    radius = max(1, round(3 * sigma))
    offsets = torch.arange(-radius, radius + 1, dtype=image.dtype, device=image.device)
    kernel = torch.exp(-0.5 * (offsets / sigma) ** 2)
    kernel = (kernel / kernel.sum()).expand(3, 1, 1, -1)
    image = F.conv2d(F.pad(image, (radius, radius, 0, 0), "replicate"), kernel, groups=3)
    return F.conv2d(F.pad(image, (0, 0, radius, radius), "replicate"), kernel.mT, groups=3)


def _vignette(image: Tensor, strength: float) -> Tensor:
    height, width = image.shape[-2:]
    y = torch.linspace(-1, 1, height, device=image.device)[:, None]
    x = torch.linspace(-1, 1, width, device=image.device)
    return 1 - strength * (x * x + y * y) / 2


def _noisy(image: Tensor, effects: CameraEffects, seed: int) -> Tensor:
    generator = torch.Generator(image.device).manual_seed(seed)
    noise = torch.randn(image.shape, generator=generator, device=image.device)
    variance = effects.shot_noise**2 * image.clamp_min(0) + effects.read_noise**2
    return image + noise * variance.sqrt()


def _jpeg(pixels: Tensor, quality: int) -> Tensor:
    """Pixels (T, 3, H, W) in 0..255 as they come back from JPEG files."""
    images = pixels.byte().permute(0, 2, 3, 1).cpu().numpy()[..., ::-1]  # OpenCV's BGR
    decoded = []
    for image in images:
        _, file = cv2.imencode(".jpg", image, (cv2.IMWRITE_JPEG_QUALITY, quality))
        decoded.append(np.asarray(cv2.imdecode(file, cv2.IMREAD_COLOR))[..., ::-1])
    return torch.as_tensor(np.stack(decoded)).permute(0, 3, 1, 2).to(pixels)
