"""What a depth network says, brought to metres by points."""

from __future__ import annotations

import numpy as np
import pytest

from mem4d_ros.runtime.depth_prior.alignment import LEAST_POINTS, Aligned, align
from mem4d_ros.runtime.depth_prior.description import Description

DEPTH = np.random.default_rng(0).uniform(0.5, 20, (24, 32))
PLACES = np.random.default_rng(1).permutation(DEPTH.size)[:60]


def description(output: str) -> Description:
    return Description(64, 48, output)


def aligned(said: np.ndarray, output: str, depth: np.ndarray | None = None) -> Aligned:
    """By the true depth at some places, or another one."""
    known = DEPTH.ravel()[PLACES] if depth is None else depth
    result = align(said, said.ravel()[PLACES], known, description(output))
    assert result is not None
    return result


@pytest.mark.parametrize(
    ("output", "said"),
    [
        ("metric", 1.4 * DEPTH),
        ("relative", 0.03 * DEPTH),
        ("inverse", 7.0 / DEPTH - 0.2),
        ("inverse", 0.01 / DEPTH + 30.0),
    ],
)
def test_what_it_says_becomes_depth_in_metres(output: str, said: np.ndarray) -> None:
    result = aligned(said, output)
    np.testing.assert_allclose(result.depth, DEPTH, rtol=1e-3)
    assert result.deviation == description(output).deviation


@pytest.mark.parametrize("output", ["relative", "inverse"])
def test_a_fifth_of_wrong_points_does_not_move_it_far(output: str) -> None:
    said = 0.5 * DEPTH if output == "relative" else 3.0 / DEPTH - 0.1
    wrong = DEPTH.ravel()[PLACES].copy()
    wrong[::5] *= 4
    ratio = aligned(said, output, wrong).depth / DEPTH
    assert np.median(np.abs(np.log(ratio))) < 0.03


def test_a_bad_fit_is_believed_less() -> None:
    noise = np.exp(np.random.default_rng(2).normal(0, 0.5, DEPTH.shape))
    assert 0.35 < aligned(DEPTH * noise, "relative").deviation < 0.7


def test_without_points_only_metres_say_something() -> None:
    few = np.full(LEAST_POINTS - 1, 3.0)
    assert align(DEPTH, few, few, description("relative")) is None
    assert align(1 / DEPTH, few, few, description("inverse")) is None
    alone = align(DEPTH, few, few, description("metric"))
    assert alone is not None
    np.testing.assert_allclose(alone.depth, DEPTH, rtol=1e-6)
    assert alone.deviation > description("metric").deviation


def test_far_away_in_inverse_depth_is_unknown() -> None:
    said = 1 / DEPTH
    sky = np.vstack((said, np.full((1, 32), -0.5)))
    result = align(sky, said.ravel()[PLACES], DEPTH.ravel()[PLACES], description("inverse"))
    assert result is not None
    assert np.isnan(result.depth[-1]).all()
    assert np.isfinite(result.depth[:-1]).all()


def test_an_upside_down_network_says_nothing() -> None:
    assert (
        align(DEPTH, DEPTH.ravel()[PLACES], DEPTH.ravel()[PLACES], description("inverse")) is None
    )


def test_values_that_are_no_depth_are_unknown() -> None:
    said = DEPTH.copy()
    said[0, :3] = [np.nan, -1.0, np.inf]
    assert np.isnan(aligned(said, "metric").depth[0, :3]).all()
