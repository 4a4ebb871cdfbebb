from __future__ import annotations

import numpy as np
import pytest
import torch

from mem4d_ros.synthetic.scene.primitives import ENTER, Shape, surface_coordinates, unit_normal


def inside(shape: Shape, points: np.ndarray) -> np.ndarray:
    """Which points (..., 3) the unit shape holds, by its definition."""
    x, y, z = np.moveaxis(points, -1, 0)
    if shape == Shape.BOX:
        return np.abs(points).max(-1) <= 1
    if shape == Shape.CYLINDER:
        return (x**2 + y**2 <= 1) & (np.abs(z) <= 1)
    return x**2 + y**2 + z**2 <= 1


def enter(shape: Shape, origin: list[float], direction: list[float]) -> float:
    result = ENTER[shape](
        torch.tensor(origin)[None, :, None], torch.tensor(direction)[None, :, None]
    )
    return float(result)


@pytest.mark.parametrize(
    ("shape", "origin", "direction", "distance"),
    [
        (Shape.BOX, [0.0, 0.0, -5.0], [0.0, 0.0, 1.0], 4.0),
        (Shape.BOX, [0.5, -0.5, 3.0], [0.0, 0.0, -2.0], 1.0),
        (Shape.BOX, [-3.0, -3.0, 0.0], [1.0, 1.0, 0.0], 2.0),
        (Shape.CYLINDER, [0.0, -5.0, 0.5], [0.0, 1.0, 0.0], 4.0),
        (Shape.CYLINDER, [0.0, 0.0, 5.0], [0.0, 0.0, -1.0], 4.0),
        (Shape.CYLINDER, [-2.0, 0.6, 0.0], [1.0, 0.0, 0.0], 1.2),
        (Shape.ELLIPSOID, [0.0, 0.0, -5.0], [0.0, 0.0, 1.0], 4.0),
        (Shape.ELLIPSOID, [0.6, 0.0, -5.0], [0.0, 0.0, 0.5], 8.4),
    ],
)
def test_rays_enter_where_the_closed_form_says(
    shape: Shape, origin: list[float], direction: list[float], distance: float
) -> None:
    assert enter(shape, origin, direction) == pytest.approx(distance, rel=1e-6)


@pytest.mark.parametrize("shape", Shape)
@pytest.mark.parametrize(
    ("origin", "direction"),
    [
        ([0.0, 0.0, 5.0], [0.0, 0.0, 1.0]),  # behind
        ([3.0, 0.0, -5.0], [0.0, 0.0, 1.0]),  # beside
        ([0.0, 3.0, 0.0], [1.0, 0.0, 0.0]),
        ([0.1, 0.1, 0.1], [0.3, 0.2, 1.0]),  # from within
    ],
)
def test_rays_that_never_enter_are_infinite(
    shape: Shape, origin: list[float], direction: list[float]
) -> None:
    assert enter(shape, origin, direction) == np.inf


@pytest.mark.parametrize("shape", Shape)
def test_the_first_point_of_many_rays_agrees_with_marching(shape: Shape) -> None:
    """Against small steps along each ray and the definition of the shape."""
    generator = np.random.default_rng(0)
    origin = generator.normal(size=(200, 3))
    origin *= 3 / np.linalg.norm(origin, axis=-1, keepdims=True)
    direction = generator.uniform(-0.9, 0.9, (200, 3)) - origin
    steps = np.linspace(0, 1.5, 3001)
    held = inside(shape, origin[:, None] + steps[:, None] * direction[:, None])
    expected = np.where(held.any(1), steps[held.argmax(1)], np.inf)
    result = ENTER[shape](torch.as_tensor(origin)[..., None], torch.as_tensor(direction)[..., None])
    found = result[:, 0].numpy()
    grazing = np.isfinite(found) & (held.sum(1) < 20)
    np.testing.assert_allclose(found[~grazing], expected[~grazing], atol=1.1 * steps[1])
    assert grazing.sum() < 10


@pytest.mark.parametrize("shape", Shape)
def test_a_small_distant_shape_is_hit_precisely_in_single_precision(shape: Shape) -> None:
    """2 cm at 20 m: in units of the shape the ray starts 1000 away."""
    origin = torch.tensor([[[-800.0], [600.0], [0.3]]])
    direction = torch.tensor([[[1601.0], [-1200.0], [-0.6]]])
    single = ENTER[shape](origin, direction)
    double = ENTER[shape](origin.double(), direction.double())
    assert single.item() == pytest.approx(double.item(), rel=2e-6)


@pytest.mark.parametrize("shape", Shape)
def test_normals_point_out_of_the_surface(shape: Shape) -> None:
    generator = np.random.default_rng(1)
    origin = generator.normal(size=(300, 3)) * 4
    direction = generator.uniform(-0.8, 0.8, (300, 3)) - origin
    distance = ENTER[shape](
        torch.as_tensor(origin)[..., None], torch.as_tensor(direction)[..., None]
    ).numpy()
    hit = np.isfinite(distance[:, 0])
    points = (origin + distance * direction)[hit]
    normals = unit_normal(torch.full((len(points),), int(shape)), torch.as_tensor(points)).numpy()
    np.testing.assert_allclose(np.linalg.norm(normals, axis=-1), 1, atol=1e-9)
    assert (normals * direction[hit]).sum(-1).max() < 0
    assert not inside(shape, points + 1e-4 * normals).any()
    assert inside(shape, points - 1e-4 * normals).mean() > 0.99  # all but the very edges


@pytest.mark.parametrize(
    ("shape", "start", "end"),
    [
        (Shape.BOX, (1.0, -0.5, 0.2), (1.0, 0.3, 0.7)),
        (Shape.BOX, (0.1, 0.2, -1.0), (0.4, -0.3, -1.0)),
        (Shape.CYLINDER, (0.3, 0.1, 1.0), (-0.2, 0.5, 1.0)),
        (Shape.CYLINDER, (1.0, 0.0, -0.5), (1.0, 0.0, 0.8)),
    ],
)
def test_textures_are_not_stretched_on_flat_sides_and_along_cylinders(
    shape: Shape, start: tuple[float, float, float], end: tuple[float, float, float]
) -> None:
    """Metres on the surface are metres of the texture."""
    half_size = torch.tensor([0.5, 0.5, 2.0], dtype=torch.float64)
    points = torch.tensor([start, end], dtype=torch.float64)
    shapes = torch.full((2,), int(shape))
    there = surface_coordinates(shapes, points, half_size.expand(2, 3))
    length = ((points[1] - points[0]) * half_size).norm()
    torch.testing.assert_close((there[1] - there[0]).norm(), length)


def test_the_way_round_a_cylinder_is_its_circumference() -> None:
    angle = torch.linspace(-3.1415, 3.1415, 50, dtype=torch.float64)
    points = torch.stack((angle.cos(), angle.sin(), 0 * angle), -1)
    half_size = torch.tensor([0.5, 0.5, 2.0], dtype=torch.float64).expand(50, 3)
    along = surface_coordinates(torch.full((50,), int(Shape.CYLINDER)), points, half_size)[:, 0]
    assert float(along[-1] - along[0]) == pytest.approx(2 * np.pi * 0.5, rel=1e-3)
