from __future__ import annotations

import pytest
import torch

from mem4d_ros.geometry import fov_to_intrinsics, pixel_rays, quaternion_to_matrix
from mem4d_ros.synthetic.rendering.tracing import SHADOW_GAP, Instances, TileGrid, nearest, reached
from mem4d_ros.synthetic.scene.primitives import ENTER, Shape

FRAMES, PARTS = 2, 40


@pytest.fixture
def instances() -> Instances:
    """Shapes all around the camera: in front, behind, beside, some reaching past it."""
    generator = torch.Generator().manual_seed(0)
    count = FRAMES * PARTS
    return Instances(
        frame=torch.arange(FRAMES).repeat_interleave(PARTS),
        shape=torch.randint(0, 3, (count,), generator=generator),
        rotation=quaternion_to_matrix(torch.randn(count, 4, generator=generator)),
        centre=3.5 * torch.randn(count, 3, generator=generator),
        half_size=0.05 + 1.2 * torch.rand(count, 3, generator=generator) ** 2,
    )


def brute_force(instances: Instances, rays: torch.Tensor) -> torch.Tensor:
    """Distances (N, R) of every instance along rays (F, R, 3) from the origin, without tiles."""
    linear, offset = instances.unit_from_points()
    direction = linear @ rays[instances.frame].mT
    distances = torch.stack([ENTER[s](offset[..., None], direction) for s in Shape])
    return distances.gather(0, instances.shape[None, :, None].expand(1, -1, rays.shape[1]))[0]


# Sizes that fill their tiles, that do not, and that are smaller than one.
@pytest.mark.parametrize(("height", "width"), [(48, 64), (37, 51), (9, 5)])
def test_pixels_see_what_a_search_through_everything_finds(
    instances: Instances, height: int, width: int
) -> None:
    intrinsics = fov_to_intrinsics(torch.tensor([1.3, 1.1]), height, width)
    rays = pixel_rays(intrinsics, height, width).expand(FRAMES, -1, -1, -1)
    depth, instance = nearest(instances, rays, TileGrid(height, width))
    every = brute_force(instances, rays.flatten(1, 2)).view(FRAMES, PARTS, height, width)
    expected_depth, expected = every.min(1)
    expected = expected + PARTS * torch.arange(FRAMES)[:, None, None]
    seen = torch.isfinite(expected_depth)
    assert 0.2 < seen.float().mean() < 1
    torch.testing.assert_close(depth, expected_depth)
    assert (instance[~seen] == -1).all()
    assert (instance[seen] == expected[seen]).float().mean() > 0.999


def test_lamps_reach_what_a_search_through_everything_finds_free(instances: Instances) -> None:
    height, width = 37, 51
    generator = torch.Generator().manual_seed(1)
    slope = torch.linspace(-3, 3, width)
    points = torch.stack(
        (
            slope.expand(FRAMES, height, width),
            torch.linspace(-2, 2, height)[:, None].expand(FRAMES, height, width),
            5 + 0.2 * torch.randn(FRAMES, height, width, generator=generator),
        ),
        -1,
    )
    lamp = torch.tensor([[0.5, -1.0, -4.0], [-3.0, 0.0, 2.0]])
    seen = torch.rand(FRAMES, height, width, generator=generator) < 0.9
    lit = reached(instances, lamp, points, seen, TileGrid(height, width))
    moved = Instances(
        instances.frame,
        instances.shape,
        instances.rotation,
        instances.centre - lamp[instances.frame],
        instances.half_size,
    )
    rays = (points - lamp[:, None, None]).flatten(1, 2)
    length = rays.norm(dim=-1)[instances.frame]
    every = brute_force(moved, rays)
    blocked = (every * length < length - SHADOW_GAP).view(FRAMES, PARTS, height, width).any(1)
    assert 0.03 < blocked.float().mean() < 0.9
    assert torch.equal(lit[seen], ~blocked[seen])


@pytest.mark.parametrize("size", [(16, 32), (17, 33), (5, 3)])
def test_tiles_join_to_the_image_they_were_split_from(size: tuple[int, int]) -> None:
    image = torch.arange(2 * size[0] * size[1]).view(2, *size)
    grid = TileGrid(*size)
    assert torch.equal(grid.join(grid.split(image)), image)
