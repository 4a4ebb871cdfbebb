"""Kriging of a depth map's error: against the textbook's formula, and what it is for."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mem4d_ros.model.completion import pull_push
from mem4d_ros.model.evidence import SparseDepth
from mem4d_ros.model.kriging import (
    CONTRAST,
    LIKENESSES,
    NOISE,
    SLANT,
    conjugate_gradients,
    kriged,
)

HEIGHT, WIDTH = 96, 128


def points(weight: torch.Tensor) -> SparseDepth:
    zero = torch.zeros(len(weight), 1, 1, 1)
    return SparseDepth(torch.zeros_like(weight), weight, zero, zero == 0)


def scattered(every: int = 9) -> torch.Tensor:
    """At most one point in each cell."""
    weight = torch.zeros(1, 1, HEIGHT, WIDTH)
    weight[..., 3::every, 5::every] = 1
    return weight


def by_the_textbook(log_depth: np.ndarray, error: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """The posterior mean of the process at all pixels (H, W), in float64."""
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
    return (covariance(places, places[seen]) @ solution).reshape(log_depth.shape)


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
    inner = np.s_[4:-4, 4:-4]  # the outermost pixels are those of the coarse grid
    np.testing.assert_allclose(found[inner], expected[inner], atol=0.03 * np.abs(expected).max())


def test_conjugate_gradients_solve_a_system() -> None:
    rng = np.random.default_rng(0)
    half = rng.normal(size=(2, 20, 20))
    matrix = np.eye(20) + half @ half.swapaxes(1, 2)
    target = rng.normal(size=(2, 20))
    found = conjugate_gradients(
        torch.from_numpy(matrix), torch.from_numpy(target), torch.zeros(2, 20).double(), 30
    )
    expected = np.linalg.solve(matrix, target[..., None])[..., 0]
    np.testing.assert_allclose(found.numpy(), expected, atol=1e-6)


def test_no_points_no_error() -> None:
    assert (
        kriged(hill(), torch.zeros_like(hill()), points(torch.zeros_like(hill()))).abs().max() == 0
    )


def test_an_error_stays_on_its_side_of_an_edge() -> None:
    """A near box is 20 % too far, the wall behind it is right."""
    box = torch.zeros(1, 1, HEIGHT, WIDTH, dtype=torch.bool)
    box[..., 30:66, 40:90] = True
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


@pytest.mark.parametrize("every", [1, 9])
def test_each_of_a_batch_is_alone(every: int) -> None:
    """With a point at every pixel, too, of which only some cells find room."""
    weight = scattered(every).repeat(2, 1, 1, 1)
    log_depth = torch.cat((hill(), 1 - hill()))
    error = 0.1 * log_depth.flip(-1)
    together = kriged(log_depth, error, points(weight))
    alone = kriged(log_depth[1:], error[1:], points(weight[1:]))
    torch.testing.assert_close(together[1:], alone, atol=1e-3, rtol=0)  # of a log depth


def test_gradients_are_finite() -> None:
    log_depth = hill().requires_grad_()
    weight = scattered()
    kriged(log_depth, (0.1 - log_depth) * (weight > 0), points(weight)).square().sum().backward()
    assert log_depth.grad is not None
    assert log_depth.grad.isfinite().all()
