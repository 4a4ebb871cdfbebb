"""The sky: what a ray sees that meets nothing."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from mem4d_ros.synthetic.textures.library import TextureLibrary

CLOUD_HEIGHT = 8.0  # times the side of a tile of clouds
PIXEL = 0.005  # rad: clouds carry no finer detail
HORIZON = 0.12  # keeps clouds at the horizon from becoming infinitely dense


@dataclass(frozen=True)
class Sky:
    """Linear radiance from the horizon to the zenith, with clouds. The default is plain white."""

    horizon: tuple[float, float, float] = (1.0, 1.0, 1.0)
    zenith: tuple[float, float, float] = (1.0, 1.0, 1.0)
    clouds: tuple[float, float, float] = (1.0, 1.0, 1.0)
    cover: float = 0.0  # how much the clouds hide, 0 to 1
    texture: int = 0  # brightness is the clouds' density

    def radiance(self, directions: Tensor, textures: TextureLibrary) -> Tensor:
        """(P, 3) towards directions (P, 3) in the scene's frame, of any length."""
        x, y, z = torch.nn.functional.normalize(directions, dim=-1).unbind(-1)
        rise = z.clamp_min(0)
        horizon, zenith, clouds = (
            directions.new_tensor(colour) for colour in (self.horizon, self.zenith, self.clouds)
        )
        clear = torch.lerp(horizon, zenith, rise.sqrt()[:, None])
        if self.cover == 0:
            return clear
        layer = torch.stack((x, y), -1) / (CLOUD_HEIGHT * (rise + HORIZON))[:, None]
        texture = torch.full_like(x, self.texture, dtype=torch.long)
        footprint = PIXEL / CLOUD_HEIGHT / (rise + HORIZON) ** 2
        density = textures.sample(texture, layer, footprint)[:, :1]
        return torch.lerp(clear, clouds, self.cover * density)


WHITE = Sky()
