"""Kriging of a depth map's error: against the textbook's formula, and what it is for."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mem4d_ros.model import kriging
from mem4d_ros.model.completion import pull_push
from mem4d_ros.model.evidence import SparseDepth
from mem4d_ros.model.kriging import (
    CONTRAST,
    ITERATIONS,
    LIKENESSES,
    NOISE,
    SLANT,
    _field,
    conjugate_gradients,
    kriged,
)

HEIGHT, WIDTH = 192, 256
SOME = np.s_[6:-6:4, 6:-6:4]
"""Pixels to compare; the outermost are those of the coarse cells."""


def points(weight: torch.Tensor) -> SparseDepth:
    zero = torch.zeros(len(weight), 1, 1, 1)
    return SparseDepth(torch.zeros_like(weight), weight, zero, zero == 0)


def scattered(every: int = 14) -> torch.Tensor:
    """At most one point in each cell."""
    weight = torch.zeros(1, 1, HEIGHT, WIDTH)
    weight[..., 3::every, 5::every] = 1
    return weight


def by_the_textbook(log_depth: np.ndarray, error: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """The posterior mean of the process at SOME pixels, in float64."""
    side = np.sqrt(log_depth.size)
    rows, columns = np.indices(log_depth.shape)
    x = (columns - (WIDTH - 1) / 2) / side
    y = (rows - (HEIGHT - 1) / 2) / side
    places = np.stack((x, y, log_depth), -1).reshape(-1, 3).astype(np.float64)

    def covariance(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        d = a[:, None] - b[None]
        total = 4 * SLANT**2 * (a[:, :2] @ b[:, :2].T) + CONTRAST**2 * np.outer(a[:, 2], b[:, 2])
        for part in LIKENESSES:
            place = (d[..., :2] ** 2).sum(-1) / part.reach**2
            total += part.deviation**2 * np.exp(-(place + d[..., 2] ** 2 / part.step**2) / 2)
        return total

    seen = weight.ravel() > 0
    noise = np.diag(NOISE**2 / weight.ravel()[seen])
    system = covariance(places[seen], places[seen]) + noise
    solution = np.linalg.solve(system, error.ravel()[seen])
    asked = np.arange(log_depth.size).reshape(log_depth.shape)[SOME]
    return (covariance(places[asked.ravel()], places[seen]) @ solution).reshape(asked.shape)


def hill() -> torch.Tensor:
    y, x = torch.meshgrid(
        torch.linspace(-1, 1, HEIGHT), torch.linspace(-1, 1, WIDTH), indexing="ij"
    )
    return (0.5 * torch.cos(2 * x) * torch.cos(y))[None, None]


def test_small_errors_are_kriged_as_in_the_textbook() -> None:
    """Errors far below the robust scales, so that every point keeps its weight."""
    log_depth = hill()
    error = 1e-3 * torch.sin(5 * hill() + torch.linspace(0, 2, WIDTH))
    weight = scattered()
    expected = by_the_textbook(log_depth[0, 0].numpy(), error[0, 0].numpy(), weight[0, 0].numpy())
    found = kriged(log_depth, error.where(weight > 0, 0), points(weight))[0, 0].numpy()
    np.testing.assert_allclose(found[SOME], expected, atol=0.03 * np.abs(expected).max())


def test_conjugate_gradients_solve_a_system() -> None:
    rng = np.random.default_rng(0)
    half = rng.normal(size=(2, 20, 20))
    matrix = np.eye(20) + half @ half.swapaxes(1, 2)
    target = rng.normal(size=(2, 20, 1))
    found = conjugate_gradients(torch.from_numpy(matrix), torch.from_numpy(target), 30)
    np.testing.assert_allclose(found.numpy(), np.linalg.solve(matrix, target), atol=1e-6)


def test_a_gpu_finds_what_a_cpu_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    """By conjugate gradients, as many as a GPU makes, in place of a factorisation."""
    weight, error = scattered(), 0.1 * torch.sin(5 * hill())
    given = (hill(), error.where(weight > 0, 0), points(weight))
    by_cpu = kriged(*given)
    monkeypatch.setattr(
        kriging, "_solved", lambda *system: conjugate_gradients(*system, ITERATIONS)
    )
    torch.testing.assert_close(kriged(*given), by_cpu, atol=1e-4, rtol=0)


def test_the_slope_of_the_field_is_its_derivative() -> None:
    generator = torch.Generator().manual_seed(0)
    seen, queries = torch.randn(2, 1, 30, 3, generator=generator).double()
    coefficients = torch.randn(1, 30, 1, generator=generator).double()
    queries.requires_grad_()
    field, slope = _field(queries, seen, coefficients)
    (gradient,) = torch.autograd.grad(field.sum(), queries)
    torch.testing.assert_close(slope.detach()[..., 0], gradient[..., 2])


@pytest.mark.parametrize("count", [300, 3000])
def test_points_that_contradict_each_other_do_not_magnify_rounding(count: int) -> None:
    """However wild: neighbours that differ by a factor of two and more, each of great weight."""
    generator = torch.Generator().manual_seed(count)
    weight = torch.zeros(HEIGHT * WIDTH)
    weight[torch.randperm(HEIGHT * WIDTH, generator=generator)[:count]] = 4
    weight = weight.view(1, 1, HEIGHT, WIDTH)
    error = 0.8 * torch.randn(weight.shape, generator=generator) * (weight > 0)
    found = kriged(hill(), error, points(weight))
    rounded = kriged(hill(), error * (1 + 1e-6), points(weight))
    torch.testing.assert_close(rounded, found, atol=1e-4, rtol=0)


def test_no_points_no_error() -> None:
    assert (
        kriged(hill(), torch.zeros_like(hill()), points(torch.zeros_like(hill()))).abs().max() == 0
    )


def test_an_error_stays_on_its_side_of_an_edge() -> None:
    """A near box is 20 % too far, the wall behind it is right."""
    box = torch.zeros(1, 1, HEIGHT, WIDTH, dtype=torch.bool)
    box[..., 60:132, 80:180] = True
    log_depth = torch.where(box, 0.0, 1.0)
    error = torch.where(box, -0.2, 0.0)
    weight = scattered()
    found = kriged(log_depth, error.where(weight > 0, 0), points(weight))
    smeared = pull_push(error, weight, torch.full((7,), 0.3))
    assert (found - error).abs().mean() < 0.5 * (smeared - error).abs().mean()


def test_noise_is_averaged_out() -> None:
    generator = torch.Generator().manual_seed(0)
    noise = 0.05 * torch.randn(1, 1, HEIGHT, WIDTH, generator=generator)
    weight = scattered()
    found = kriged(torch.zeros(1, 1, HEIGHT, WIDTH), noise.where(weight > 0, 0), points(weight))
    assert found.square().mean().sqrt() < 0.5 * 0.05


def test_one_wrong_point_moves_little() -> None:
    error, weight = torch.zeros(1, 1, HEIGHT, WIDTH), scattered()
    error[..., 3, 5] = np.log(2)
    found = kriged(torch.zeros_like(error), error, points(weight))[0, 0]
    assert found.abs().max() < 0.1 * np.log(2)
    assert found[HEIGHT // 2 :, WIDTH // 2 :].abs().max() < 0.01


@pytest.mark.parametrize("every", [1, 14])
def test_each_of_a_batch_is_alone(every: int) -> None:
    """With a point at every pixel, too, of which only some cells find room."""
    weight = scattered(every).repeat(2, 1, 1, 1)
    log_depth = torch.cat((hill(), 1 - hill()))
    error = 0.1 * log_depth.flip(-1)
    together = kriged(log_depth, error, points(weight))
    alone = kriged(log_depth[1:], error[1:], points(weight[1:]))
    torch.testing.assert_close(together[1:], alone, atol=1e-5, rtol=0)  # of a log depth


def test_gradients_are_finite() -> None:
    log_depth = hill().requires_grad_()
    weight = scattered()
    kriged(log_depth, (0.1 - log_depth) * (weight > 0), points(weight)).square().sum().backward()
    assert log_depth.grad is not None
    assert log_depth.grad.isfinite().all()
