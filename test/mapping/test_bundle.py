"""Bundle adjustment against truth, finite differences and its cost written down anew."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from bundle_problems import DEVIATION, KEYFRAMES, LANDMARKS, disturbed, exact_problem, moved

from mem4d_ros.mapping import bundle
from mem4d_ros.mapping.bundle import solve


def test_exact_observations_give_the_truth_back() -> None:
    truth = exact_problem()
    found = solve(disturbed(truth), iterations=30).problem
    np.testing.assert_allclose(found.camera_to_world, truth.camera_to_world, atol=1e-4)
    np.testing.assert_allclose(found.log_inverse, truth.log_inverse, atol=1e-3)


def test_derivatives_are_those_of_finite_differences() -> None:
    problem, step = disturbed(exact_problem()), 1e-6
    directed = np.random.default_rng(4).uniform(-1, 1, problem.whitening.shape) / DEVIATION
    problem = replace(problem, whitening=directed)
    _, by_host, by_keyframe, by_depth = bundle._reprojection(problem)
    host = problem.host[problem.landmark]
    for column in range(6):
        for number, index in enumerate(np.flatnonzero(problem.is_free)):
            change = np.zeros((KEYFRAMES - 1, 6))
            change[number, column] = step
            difference = (
                bundle._reprojection(moved(problem, change))[0]
                - bundle._reprojection(moved(problem, -change))[0]
            ) / (2 * step)
            expected = by_host[column] * (host == index)
            expected = expected + by_keyframe[column] * (problem.keyframe == index)
            np.testing.assert_allclose(difference, expected, atol=1e-3)
    nearer, farther = (
        bundle._reprojection(replace(problem, log_inverse=problem.log_inverse + s))[0]
        for s in (step, -step)
    )
    np.testing.assert_allclose((nearer - farther) / (2 * step), by_depth, atol=1e-3)


def test_errors_in_the_direction_of_edges_do_no_harm_where_it_is_known() -> None:
    """Nine in ten observations are off by five deviations along, and none of them across."""
    rng, exact = np.random.default_rng(3), exact_problem()
    count = len(exact.seen)
    angle = rng.uniform(0, np.pi, count)
    across = np.stack((np.cos(angle), np.sin(angle)), -1)
    along = np.stack((-np.sin(angle), np.cos(angle)), -1)
    slides = rng.random(count) < 0.9
    seen = exact.seen + 5 * DEVIATION * along * (slides * rng.choice((-1, 1), count))[:, None]
    length = np.where(slides, 0.01, 1.0)[:, None]
    whitening = np.stack((across, length * along), 1) / DEVIATION
    told = solve(disturbed(replace(exact, seen=seen, whitening=whitening)), iterations=50).problem
    untold = solve(disturbed(replace(exact, seen=seen)), iterations=50).problem
    off = [
        np.abs(found.camera_to_world - exact.camera_to_world)[:, :3, 3].max()
        for found in (told, untold)
    ]
    assert off[0] < 0.005
    assert off[1] > 2 * off[0]


def test_no_state_nearby_costs_less() -> None:
    """The cost written down anew: robust reprojection errors, depth priors, scale priors."""
    rng = np.random.default_rng(2)
    exact, count = exact_problem(), KEYFRAMES - 1
    problem = replace(exact, seen=exact.seen + rng.normal(0, DEVIATION, exact.seen.shape))
    found = solve(problem, iterations=50).problem

    def cost(change: np.ndarray) -> float:
        here = moved(found, change[: 6 * count].reshape(count, 6))
        scale = found.log_scale + np.concatenate(([0.0], change[6 * count : 7 * count]))
        inverse = found.log_inverse + change[7 * count :]
        poses, host = here.camera_to_world, found.host
        world = np.einsum("lij,lj->li", poses[host, :3, :3], found.rays) / np.exp(inverse)[:, None]
        world += poses[host, :3, 3]
        local = world[found.landmark] - poses[found.keyframe, :3, 3]
        local = np.einsum("mji,mj->mi", poses[found.keyframe, :3, :3], local)
        off = np.linalg.norm(local[:, :2] / local[:, 2:] - found.seen, axis=-1) / DEVIATION
        total = bundle.ROBUST_SIGMAS**2 * np.log1p((off / bundle.ROBUST_SIGMAS) ** 2).sum()
        total += (((inverse + scale[host] + found.log_prior) / bundle.PRIOR_DEVIATION) ** 2).sum()
        total += ((scale / bundle.SCALE_DEVIATION) ** 2).sum()
        total += ((np.diff(scale) / bundle.SCALE_STEP) ** 2).sum()
        return float(total)

    least = cost(np.zeros(7 * count + LANDMARKS))
    for size in (1e-2, 1e-3):
        for _ in range(100):
            assert cost(rng.normal(0, size, 7 * count + LANDMARKS)) > least


def test_a_fifth_of_wrong_observations_moves_nothing() -> None:
    rng = np.random.default_rng(3)
    exact = exact_problem()
    wrong = rng.random(len(exact.landmark)) < 0.2
    seen = exact.seen + wrong[:, None] * rng.normal(0, 0.2, exact.seen.shape)
    solution = solve(disturbed(replace(exact, seen=seen)), iterations=30)
    found = solution.problem.camera_to_world[:, :3, 3]
    np.testing.assert_allclose(found, exact.camera_to_world[:, :3, 3], atol=5e-3)
    far_off = np.linalg.norm(seen - exact.seen, axis=-1) > 10 * DEVIATION
    assert (solution.errors[far_off] > bundle.OUTLIER_SIGMAS).mean() > 0.95


def test_a_wrong_prior_gives_way_to_parallax() -> None:
    exact = exact_problem()
    prior = exact.log_prior + np.random.default_rng(4).normal(0, 0.5, LANDMARKS)
    found = solve(disturbed(replace(exact, log_prior=prior)), iterations=30).problem
    off = found.log_inverse - exact.log_inverse
    assert np.abs(off - np.median(off)).max() < 0.03


def test_held_keyframes_do_not_move() -> None:
    problem = disturbed(exact_problem())
    found = solve(problem).problem
    np.testing.assert_array_equal(found.camera_to_world[0], problem.camera_to_world[0])


def test_the_covariance_is_that_of_many_trials() -> None:
    """Positions scatter as the estimation says: mean squared normalised error is 3."""
    exact, normalised = exact_problem(), []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        noisy = replace(
            exact,
            seen=exact.seen + rng.normal(0, DEVIATION, exact.seen.shape),
            log_prior=exact.log_prior + rng.normal(0, bundle.PRIOR_DEVIATION, LANDMARKS),
        )
        solution = solve(noisy)
        off = (solution.problem.camera_to_world - exact.camera_to_world)[1:, :3, 3]
        covariance = solution.covariance[:, 3:, 3:]
        normalised.append(np.einsum("fi,fij,fj->f", off, np.linalg.inv(covariance), off))
    assert 2.0 < np.mean(normalised) < 4.0
