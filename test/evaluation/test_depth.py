"""Depth metrics: hand-made cases, and the scale against a brute-force search."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar

from mem4d_ros.evaluation.depth import depth_errors, l1_scale


def test_by_hand() -> None:
    true = np.array([[[1.0, 2.0, 4.0, np.nan]]])
    predicted = np.array([[[1.1, 2.0, 6.0, 3.0]]])
    errors = depth_errors(predicted, true, aligned=False)
    assert errors.abs_rel == pytest.approx((0.1 + 0 + 0.5) / 3)
    assert errors.delta_125 == pytest.approx(2 / 3)
    assert errors.pixels == 3


@given(seed=st.integers(0, 50), factor=st.floats(0.05, 20))
def test_a_common_factor_does_not_matter(seed: int, factor: float) -> None:
    rng = np.random.default_rng(seed)
    true = rng.uniform(0.5, 8, (2, 6, 7))
    predicted = true * rng.uniform(0.7, 1.4, true.shape)
    plain, scaled = depth_errors(predicted, true), depth_errors(predicted * factor, true)
    assert scaled.abs_rel == pytest.approx(plain.abs_rel, rel=1e-3)
    assert scaled.scale * factor == pytest.approx(plain.scale, rel=1e-3)


def test_the_scale_minimises_the_absolute_error() -> None:
    rng = np.random.default_rng(0)
    predicted = rng.uniform(0.5, 8, 400)
    true = 1.7 * predicted * rng.uniform(0.8, 1.25, 400)
    true[:40] *= 5  # outliers, which a plain least-squares scale would follow

    def error(scale: float) -> float:
        return float(np.abs(scale * predicted - true).sum())

    best = minimize_scalar(error, bounds=(0.1, 10)).fun
    least_squares = (predicted * true).sum() / (predicted**2).sum()
    assert error(l1_scale(predicted, true)) == pytest.approx(best, rel=0.01)
    assert error(least_squares) > 1.1 * best


def test_a_missing_prediction_counts_as_wrong() -> None:
    true = np.full((1, 1, 4), 2.0)
    predicted = np.array([[[2.0, 2.0, 2.0, np.nan]]])
    errors = depth_errors(predicted, true)
    assert errors.abs_rel == pytest.approx(0.25)
    assert errors.delta_125 == pytest.approx(0.75)


@pytest.mark.parametrize(
    ("predicted", "true", "message"),
    [
        (np.ones((1, 2, 2)), np.ones((1, 2, 3)), "differ"),
        (np.ones((1, 2, 2)), np.zeros((1, 2, 2)), "true depth has no valid"),
        (-np.ones((1, 2, 2)), np.ones((1, 2, 2)), "predicted depth has no valid"),
    ],
)
def test_what_cannot_be_measured_is_refused(
    predicted: np.ndarray, true: np.ndarray, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        depth_errors(predicted, true)
