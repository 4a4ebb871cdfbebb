"""From surfaces to radiance: lamps with shadows, ambient light that corners keep out, gloss."""

from __future__ import annotations

import torch
from torch import Tensor

GLEAM = 4.0  # a perfect mirror image against a white matt surface beside it


def lambert(points: Tensor, normals: Tensor, lamp: Tensor) -> Tensor:
    """cos / distance² (F, H, W) of lamps (F, 3) at points with normals (F, H, W, 3)."""
    to_lamp = lamp[:, None, None] - points
    square = (to_lamp * to_lamp).sum(-1).clamp_min(0.05)
    return (to_lamp * normals).sum(-1).clamp_min(0) / square**1.5


def gleam(points: Tensor, normals: Tensor, lamp: Tensor) -> Tensor:
    """The mirror image of lamps (F, 3) in surfaces seen from the origin (Blinn): (F, H, W).

    Like the light that falls there it fades with distance².
    """
    way = lamp[:, None, None] - points
    square = (way * way).sum(-1).clamp_min(0.05)
    to_lamp = way / square.sqrt()[..., None]
    to_eye = torch.nn.functional.normalize(-points, dim=-1)
    half_way = torch.nn.functional.normalize(to_lamp + to_eye, dim=-1)
    return GLEAM * (half_way * normals).sum(-1).clamp_min(0) ** 60 / square


def openness(points: Tensor, normals: Tensor, reach: float = 0.5) -> Tensor:
    """How much of the ambient light neighbouring surfaces let through: (F, H, W) in (0, 1].

    Neighbours in the image stand for those in space: twelve, at three distances. A neighbour counts
    as far as it rises above the surface's plane, and fades out with its distance over `reach` m.
    """
    height, width = points.shape[1:3]
    unit = max(height, width) / 256
    rows = torch.arange(height, device=points.device)
    columns = torch.arange(width, device=points.device)
    blocked = torch.zeros(points.shape[:3], device=points.device)
    for down, right in OFFSETS:
        row = (rows + round(down * unit)).clamp(0, height - 1)
        column = (columns + round(right * unit)).clamp(0, width - 1)
        neighbour = points[:, row[:, None], column] - points
        distance = neighbour.norm(dim=-1).clamp_min(1e-6)
        rise = (neighbour * normals).sum(-1) / distance
        blocked += (rise - 0.08).clamp_min(0) / (1 + (distance / reach) ** 2)
    return (1 - 1.6 * blocked / len(OFFSETS)).clamp(0.15, 1)


OFFSETS = (
    (-2, 1), (1, 2), (2, -1), (-1, -2),
    (0, 7), (7, 0), (0, -7), (-7, 0),
    (13, 14), (-14, 13), (-13, -14), (14, -13),
)  # fmt: skip
