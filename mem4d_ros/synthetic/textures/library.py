"""Textures by class, kept as mip maps, and their trilinear look-up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from mem4d_ros.synthetic.textures.patterns import PATTERNS, TILE_SIZE
from mem4d_ros.synthetic.textures.photographs import picture, read_photographs, surface

LIBRARY_SEED = 2508_07908
VARIANTS = 5
CROPS = 24  # of photographs, in each of the classes that take them
PICTURES = ("view", "poster", "screen", "page")
SURFACES = ("mottled", "fabric", "carpet", "wallpaper")


@dataclass(frozen=True)
class TextureLibrary:
    """Periodic square textures; `members` lists the textures of each class."""

    members: Mapping[str, tuple[int, ...]]
    texels: Tensor  # (all texels of all levels and textures, 3) uint8 sRGB
    size: int  # side of the finest level, a power of two
    count: int

    @classmethod
    def from_images(cls, images: Mapping[str, list[np.ndarray]]) -> TextureLibrary:
        """A library of square uint8 RGB images (S, S, 3), all of one size, by class."""
        members: dict[str, tuple[int, ...]] = {}
        stack: list[np.ndarray] = []
        for name, variants in images.items():
            members[name] = tuple(range(len(stack), len(stack) + len(variants)))
            stack.extend(variants)
        level = torch.as_tensor(np.stack(stack)).permute(0, 3, 1, 2).float()
        levels = []
        size = level.shape[-1]
        while level.shape[-1] >= 1:
            levels.append(level.round().byte().permute(0, 2, 3, 1).reshape(-1, 3))
            if level.shape[-1] == 1:
                break
            level = torch.nn.functional.avg_pool2d(level, 2)
        return cls(members, torch.cat(levels), size, len(stack))

    @classmethod
    def from_folder(cls, folder: Path) -> TextureLibrary:
        """The procedural textures, and crops of the photographs in a folder as more of them.

        Raises FileNotFoundError or ValueError as `read_photographs` does.
        """
        photographs = read_photographs(folder)
        rng = np.random.default_rng(LIBRARY_SEED)
        images = procedural_images()
        for make, classes in ((picture, PICTURES), (surface, SURFACES)):
            for name in classes:
                images[name] += [make(rng, photographs) for _ in range(CROPS)]
        return cls.from_images(images)

    def to(self, device: torch.device | str) -> TextureLibrary:
        return TextureLibrary(self.members, self.texels.to(device), self.size, self.count)

    def sample(self, texture: Tensor, coordinates: Tensor, footprint: Tensor) -> Tensor:
        """sRGB colours (P, 3) in [0, 1] of textures (P,) at coordinates (P, 2).

        Coordinates and the side of a pixel's footprint (P,) are in tiles of the texture, which
        repeats.
        """
        finest = self.size.bit_length() - 1
        level = (footprint * self.size).clamp_min(1e-6).log2().clamp(0, finest)
        lower = level.floor()
        blend = (level - lower)[:, None]
        lower = lower.long()
        fine = self._bilinear(texture, coordinates, lower)
        coarse = self._bilinear(texture, coordinates, (lower + 1).clamp_max(finest))
        return torch.lerp(fine, coarse, blend) / 255

    def _bilinear(self, texture: Tensor, coordinates: Tensor, level: Tensor) -> Tensor:
        """Colours (P, 3) in 0..255 at one mip level (P,) each."""
        side = self.size >> level
        # Levels of sides S, S/2, … lie one after another: the ones before hold 4/3·(S² - side²).
        start = (self.size**2 - side**2) * 4 // 3 * self.count + texture * side**2
        position = coordinates * side[:, None] - 0.5
        corner = position.floor()
        blend = position - corner
        x0, y0 = (corner.long() & (side - 1)[:, None]).unbind(-1)
        x1, y1 = (x0 + 1) & (side - 1), (y0 + 1) & (side - 1)
        top = torch.lerp(
            self._texel(start, x0, y0, side), self._texel(start, x1, y0, side), blend[:, :1]
        )
        low = torch.lerp(
            self._texel(start, x0, y1, side), self._texel(start, x1, y1, side), blend[:, :1]
        )
        return torch.lerp(top, low, blend[:, 1:])

    def _texel(self, start: Tensor, x: Tensor, y: Tensor, side: Tensor) -> Tensor:
        return self.texels[start + y * side + x].float()


@lru_cache(maxsize=4)
def standard_library(device: str = "cpu") -> TextureLibrary:
    """The procedural library that scenes use by default; the same for every scene."""
    if device != "cpu":
        return standard_library().to(device)
    return TextureLibrary.from_images(procedural_images())


def procedural_images() -> dict[str, list[np.ndarray]]:
    """Images (S, S, 3) uint8 by class, `VARIANTS` of each; always the same."""
    rng = np.random.default_rng(LIBRARY_SEED)
    return {name: [_bytes(paint(rng)) for _ in range(VARIANTS)] for name, paint in PATTERNS.items()}


def _bytes(image: np.ndarray) -> np.ndarray:
    assert image.shape == (TILE_SIZE, TILE_SIZE, 3)
    return (image.clip(0, 1) * 255).round().astype(np.uint8)
