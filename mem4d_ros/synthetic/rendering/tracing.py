"""Which primitive each pixel sees, and which points the lamps reach.

Pixels are grouped in square tiles. A primitive is tried only on the tiles it can touch, so the work
grows with what is visible and not with frames x pixels x primitives, and every step is one tensor
operation over all frames.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from mem4d_ros.synthetic.scene.primitives import ENTER

TILE = 16
SHADOW_GAP = 0.01  # m before a point in which nothing shades it: the point's own surface
NOTHING = torch.iinfo(torch.int64).max


@dataclass(frozen=True)
class Instances:
    """The primitives of all frames: one row for each primitive in each frame."""

    frame: Tensor  # (N,) int64
    shape: Tensor  # (N,) int64, a `Shape`
    rotation: Tensor  # (N, 3, 3), own axes to the frame's coordinates
    centre: Tensor  # (N, 3) m
    half_size: Tensor  # (N, 3) m

    def unit_from_points(self) -> tuple[Tensor, Tensor]:
        """Linear map (N, 3, 3) and offset (N, 3) from the frame's coordinates to the unit shape."""
        linear = self.rotation.mT / self.half_size[:, :, None]
        return linear, -(linear * self.centre[:, None, :]).sum(-1)


@dataclass(frozen=True)
class TileGrid:
    """Tiles that cover an image; those at the right and bottom may reach beyond it."""

    height: int
    width: int

    @property
    def rows(self) -> int:
        return -(-self.height // TILE)

    @property
    def columns(self) -> int:
        return -(-self.width // TILE)

    def split(self, image: Tensor) -> Tensor:
        """(F, H, W, ...) to (F, tiles, TILE², ...); the last rows and columns are repeated."""
        rows = torch.arange(self.rows * TILE, device=image.device).clamp_max(self.height - 1)
        columns = torch.arange(self.columns * TILE, device=image.device).clamp_max(self.width - 1)
        padded = image[:, rows[:, None], columns]
        padded = padded.unflatten(2, (self.columns, TILE)).unflatten(1, (self.rows, TILE))
        return padded.transpose(2, 3).flatten(3, 4).flatten(1, 2)

    def join(self, tiles: Tensor) -> Tensor:
        """(F, tiles, TILE²) to (F, H, W)."""
        image = tiles.unflatten(2, (TILE, TILE)).unflatten(1, (self.rows, self.columns))
        return image.transpose(2, 3).flatten(3, 4).flatten(1, 2)[:, : self.height, : self.width]


def nearest(instances: Instances, rays: Tensor, grid: TileGrid) -> tuple[Tensor, Tensor]:
    """What rays from the frames' origins meet first.

    rays (F, H, W, 3) with z = 1 in the frames' coordinates. Returns distance in units of the ray,
    that is depth, (F, H, W), inf for nothing, and the instance (F, H, W), -1 for nothing.
    """
    frames = rays.shape[0]
    instance, tile = _visible_pairs(instances, rays, grid)
    tiles = grid.split(rays).flatten(0, 1).mT  # (F·tiles, 3, TILE²)
    best = torch.full((tiles.shape[0], TILE * TILE), NOTHING, device=rays.device)
    for selected, distance in _distances(instances, instance, tile, tiles):
        # The bits of positive floats are ordered as they are, so one minimum finds both.
        key = distance.view(torch.int32).long() << 32 | instance[selected, None]
        best.scatter_reduce_(0, tile[selected, None].expand_as(key), key, "amin")
    best = grid.join(best.unflatten(0, (frames, -1)))
    distance = (best >> 32).int().view(torch.float32)
    hit = torch.isfinite(distance) & (best != NOTHING)
    nothing = torch.full_like(distance, torch.inf)
    return torch.where(hit, distance, nothing), torch.where(hit, best & 0xFFFFFFFF, -1)


def reached(
    instances: Instances, lamp: Tensor, points: Tensor, seen: Tensor, grid: TileGrid
) -> Tensor:
    """Whether lamps (F, 3) reach points (F, H, W, 3) past the instances: (F, H, W) bool.

    Only points that are `seen` (F, H, W) count; for the others the answer is arbitrary.
    """
    tiles = grid.split(points - lamp[:, None, None])  # (F, tiles, TILE², 3)
    moved = Instances(
        instances.frame,
        instances.shape,
        instances.rotation,
        instances.centre - lamp[instances.frame],
        instances.half_size,
    )
    instance, tile = _shadow_pairs(moved, tiles, grid.split(seen))
    shadow = torch.zeros(tiles.shape[:3], dtype=torch.int32, device=points.device).flatten(0, 1)
    length = tiles.norm(dim=-1).flatten(0, 1)
    for selected, distance in _distances(moved, instance, tile, tiles.flatten(0, 1).mT):
        way = length[tile[selected]]
        blocked = (distance * way < way - SHADOW_GAP).int()
        shadow.scatter_reduce_(0, tile[selected, None].expand_as(blocked), blocked, "amax")
    return grid.join(shadow.view(tiles.shape[:3])) == 0


def _distances(
    instances: Instances, instance: Tensor, tile: Tensor, tiles: Tensor
) -> Iterator[tuple[Tensor, Tensor]]:
    """For each shape, the pairs (P,) of that shape and their distances (P, TILE²).

    tiles (F·tiles, 3, TILE²) are rays.
    """
    linear, offset = instances.unit_from_points()
    shapes = instances.shape[instance]
    for shape, enter in ENTER.items():
        selected = (shapes == shape).nonzero()[:, 0]
        of_pair, rays = instance[selected], tiles[tile[selected]]  # (P,), (P, 3, TILE²)
        matrix = linear[of_pair]
        direction = (
            matrix[:, :, 0, None] * rays[:, 0, None]
            + matrix[:, :, 1, None] * rays[:, 1, None]
            + matrix[:, :, 2, None] * rays[:, 2, None]
        )
        yield selected, enter(offset[of_pair, :, None], direction)


def _visible_pairs(instances: Instances, rays: Tensor, grid: TileGrid) -> tuple[Tensor, Tensor]:
    """Pairs (instance, tile of all frames) that can meet: boxes against planes between tiles."""
    axes = instances.rotation * instances.half_size[:, None, :]  # (N, 3, 3)
    overlaps = []
    for axis, count in ((1, grid.rows), (0, grid.columns)):
        edges = _tile_edges(rays, axis, count)[instances.frame]  # (N, count + 1)
        middle = instances.centre[:, axis, None] - edges * instances.centre[:, 2, None]
        reach = (axes[:, axis, None] - edges[..., None] * axes[:, 2, None]).abs().sum(-1)
        overlaps.append((middle + reach >= 0)[:, :-1] & (middle - reach <= 0)[:, 1:])
    in_front = instances.centre[:, 2] + axes[:, 2].abs().sum(-1) > 0
    rows, columns = overlaps
    touched = (rows[:, :, None] & columns[:, None, :] & in_front[:, None, None]).flatten(1)
    instance, tile = touched.nonzero(as_tuple=True)
    return instance, tile + instances.frame[instance] * touched.shape[1]


def _tile_edges(rays: Tensor, axis: int, count: int) -> Tensor:
    """Slopes (F, count + 1) of the planes through the origin between rows or columns of tiles."""
    along = rays[:, :, 0, 1] if axis == 1 else rays[:, 0, :, 0]
    pitch = (along[:, -1] - along[:, 0]) / max(along.shape[1] - 1, 1)
    edges = torch.arange(count + 1, device=rays.device) * TILE - 0.5
    return along[:, :1] + pitch[:, None] * edges


def _shadow_pairs(instances: Instances, tiles: Tensor, seen: Tensor) -> tuple[Tensor, Tensor]:
    """Pairs (instance, tile of all frames) that a shadow of a lamp at the origin can join.

    tiles (F, tiles, TILE², 3) are points, of which those `seen` (F, tiles, TILE²) count. The way
    from the lamp to a tile's middle, as wide as the box around the tile, has to meet the box around
    the instance: a segment against a box widened by that much.
    """
    low = tiles.masked_fill(~seen[..., None], torch.inf).amin(2)
    high = tiles.masked_fill(~seen[..., None], -torch.inf).amax(2)
    lit = seen.any(-1)[instances.frame]  # (N, tiles)
    middle = ((low + high) / 2).nan_to_num(0)[instances.frame]  # (N, tiles, 3)
    spread = ((high - low) / 2).clamp_min(0)[instances.frame]  # (N, tiles, 3)
    origin = -(instances.rotation * instances.centre[:, :, None]).sum(1)[:, None]  # (N, 1, 3)
    direction = middle @ instances.rotation + 1e-9
    reach = instances.half_size[:, None] + spread @ instances.rotation.abs()
    first, second = (-reach - origin) / direction, (reach - origin) / direction
    near = torch.minimum(first, second).amax(-1).clamp_min(0)
    far = torch.maximum(first, second).amin(-1).clamp_max(1)
    instance, tile = ((near <= far) & lit).nonzero(as_tuple=True)
    return instance, tile + instances.frame[instance] * tiles.shape[1]
