"""Depth metrics: hand-made cases, the formulas written out, and searches for the best alignment."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog, minimize_scalar

from mem4d_ros.evaluation.depth import (
    Alignment,
    DepthErrors,
    DepthPixels,
    PixelErrors,
    align,
    depth_errors,
    valid_pixels,
)
from mem4d_ros.evaluation.errors import NotMeasurable

AS_IT_IS = Alignment()


def made_up(seed: int, count: int = 400) -> tuple[np.ndarray, np.ndarray]:
    """Predicted and true depth; a tenth of the truth is far off."""
    rng = np.random.default_rng(seed)
    predicted = rng.uniform(0.5, 8, count)
    true = (1.7 * predicted + 0.4) * rng.uniform(0.8, 1.25, count)
    true[: count // 10] *= 5
    return predicted, true


def absolute_error(alignment: Alignment, predicted: np.ndarray, true: np.ndarray) -> float:
    return float(np.abs(alignment.scale * predicted + alignment.shift - true).sum())


def test_by_hand() -> None:
    true = np.array([[1.0, 2.0, 4.0, np.nan, 0.0, -1.0]])
    predicted = np.array([[1.1, 2.0, 6.0, 3.0, 1.0, 1.0]])
    errors = depth_errors([valid_pixels(predicted, true)], AS_IT_IS)
    assert errors.everything.pixels == 3
    assert errors.abs_rel == pytest.approx((0.1 + 0 + 0.5) / 3)
    assert errors.delta_125 == pytest.approx(2 / 3)


def test_a_protocol_leaves_out_what_is_far_and_cuts_the_prediction_off() -> None:
    true = np.array([[60.0, 70.0, 80.0]])
    predicted = np.array([[90.0, 70.0, 80.0]])
    pixels = valid_pixels(predicted, true, max_depth_m=70)
    assert pixels.true.tolist() == [60]
    assert depth_errors([pixels], AS_IT_IS).abs_rel == pytest.approx(0.5)
    assert depth_errors([pixels], AS_IT_IS, clip_m=70).abs_rel == pytest.approx(1 / 6)


def test_a_missing_prediction_counts_as_wrong() -> None:
    predicted = np.array([[2.0, 2.0, 2.0, np.nan, np.inf, -2.0, 0.0, 2.0]])
    frames = [valid_pixels(predicted, np.full((1, 8), 2.0))]
    for name in ("scale", "metric"):
        errors = depth_errors(frames, align(frames, name))
        assert errors.abs_rel == pytest.approx(0.5)
        assert errors.delta_125 == pytest.approx(0.5)


def test_what_moves_is_counted_apart() -> None:
    true = np.full((1, 5), 2.0)
    predicted = np.array([[3.0, 2.0, 2.2, 2.0, 9.0]])
    true[0, 4] = np.nan
    moving = np.array([[True, True, False, False, True]])
    errors = depth_errors([valid_pixels(predicted, true, moving)], AS_IT_IS)
    assert errors.moving.abs_rel == pytest.approx(0.25)
    assert errors.still.abs_rel == pytest.approx(0.05)
    assert errors.moving_ratio == pytest.approx(5)


@pytest.mark.parametrize("moving", [None, np.zeros((1, 2), bool)])
def test_there_is_no_ratio_where_nothing_is_known_to_move(moving: np.ndarray | None) -> None:
    pixels = valid_pixels(np.ones((1, 2)), np.full((1, 2), 2.0), moving)
    assert depth_errors([pixels], AS_IT_IS).moving_ratio is None


def test_several_sequences_are_weighted_by_their_pixels() -> None:
    few = DepthErrors(PixelErrors(relative=1.0, close=0, pixels=2))
    many = DepthErrors(PixelErrors(relative=0.0, close=8, pixels=8))
    assert (few + many).abs_rel == pytest.approx((0.5 * 2 + 0.0 * 8) / 10)
    assert (few + many).delta_125 == pytest.approx(0.8)


def test_the_scale_is_that_of_the_published_formula() -> None:
    p, g = made_up(1)
    s = g.mean() / p.mean()
    for _ in range(10):
        w = 1 / (np.abs(s * p - g) + 1e-8)
        s = (w * p * g).sum() / (w * p**2).sum()
    assert align([DepthPixels(p, g)], "scale") == Alignment(pytest.approx(s), 0.0)


def test_the_scale_minimises_the_absolute_error() -> None:
    p, g = made_up(0)
    found = align([DepthPixels(p, g)], "scale")
    best = minimize_scalar(lambda s: np.abs(s * p - g).sum(), bounds=(0.1, 10)).fun
    least_squares = Alignment((p * g).sum() / (p**2).sum())
    assert absolute_error(found, p, g) == pytest.approx(best, rel=0.01)
    assert absolute_error(least_squares, p, g) > 1.1 * best


@pytest.mark.parametrize("seed", range(3))
def test_scale_and_shift_minimise_the_absolute_error(seed: int) -> None:
    """Against a linear program: least Σe with -e ≤ s·p + t - g ≤ e."""
    p, g = made_up(seed, count=150)
    one, eye = np.ones((len(p), 1)), np.eye(len(p))
    upper = np.hstack([p[:, None], one, -eye])
    lower = np.hstack([-p[:, None], -one, -eye])
    cost = np.concatenate([[0, 0], np.ones(len(p))])
    bounds = [(None, None)] * 2 + [(0, None)] * len(p)
    best = linprog(cost, np.vstack([upper, lower]), np.concatenate([g, -g]), bounds=bounds)
    found = align([DepthPixels(p, g)], "scale-shift")
    assert absolute_error(found, p, g) == pytest.approx(best.fun, rel=1e-4)


def test_a_prediction_that_is_the_same_everywhere_can_be_shifted() -> None:
    frames = [DepthPixels(np.full(5, 2.0), np.array([1.0, 3.0, 3.0, 3.0, 9.0]))]
    alignment = align(frames, "scale-shift")
    assert alignment.apply(np.array(2.0)) == pytest.approx(3)


def test_frames_are_aligned_together() -> None:
    p, g = made_up(3)
    apart = [DepthPixels(p[:150], g[:150]), DepthPixels(p[150:], g[150:])]
    for name in ("scale", "scale-shift"):
        together = align([DepthPixels(p, g)], name)
        assert align(apart, name).scale == pytest.approx(together.scale, rel=1e-6)
        assert align(apart, name).shift == pytest.approx(together.shift, abs=1e-6)


@settings(deadline=None, max_examples=30)
@given(
    seed=st.integers(0, 50),
    factor=st.floats(0.05, 20),
    offset=st.floats(0, 5),
    name=st.sampled_from(["scale", "scale-shift"]),
)
def test_what_is_aligned_does_not_matter(
    seed: int, factor: float, offset: float, name: str
) -> None:
    p, g = made_up(seed, count=80)
    shift = offset if name == "scale-shift" else 0.0
    changed = p * factor + shift
    error = absolute_error(align([DepthPixels(p, g)], name), p, g)
    changed_error = absolute_error(align([DepthPixels(changed, g)], name), changed, g)
    assert changed_error == pytest.approx(error, rel=1e-3)


@pytest.mark.parametrize(
    ("predicted", "true", "message"),
    [
        (np.ones((2, 2)), np.zeros((2, 2)), "true depth has no valid"),
        (-np.ones((2, 2)), np.ones((2, 2)), "predicted depth has no valid"),
    ],
)
def test_what_cannot_be_aligned_is_refused(
    predicted: np.ndarray, true: np.ndarray, message: str
) -> None:
    with pytest.raises(NotMeasurable, match=message):
        align([valid_pixels(predicted, true)], "scale")


def test_depths_of_two_sizes_are_refused() -> None:
    with pytest.raises(NotMeasurable, match="differ"):
        valid_pixels(np.ones((2, 2)), np.ones((2, 3)))
