"""The learning rate against its closed form."""

import math

import pytest

from mem4d_ros.training.schedule import learning_rate

PEAK, STEPS, WARM_UP = 3e-4, 100, 10


def test_it_warms_up_linearly() -> None:
    rates = [learning_rate(step, STEPS, WARM_UP, PEAK) for step in range(WARM_UP)]
    assert rates == pytest.approx([PEAK * k / WARM_UP for k in range(1, WARM_UP + 1)])


def test_it_falls_along_a_cosine_to_zero() -> None:
    for step in range(WARM_UP, STEPS + 1):
        share = (step - WARM_UP) / (STEPS - WARM_UP)
        expected = PEAK * math.cos(math.pi / 2 * share) ** 2  # (1 + cos x) / 2 = cos² (x / 2)
        assert learning_rate(step, STEPS, WARM_UP, PEAK) == pytest.approx(expected, abs=1e-18)


def test_it_never_exceeds_its_peak_nor_falls_below_zero() -> None:
    for warm_up in (0, 1, STEPS, 2 * STEPS):
        rates = [learning_rate(step, STEPS, warm_up, PEAK) for step in range(2 * STEPS)]
        assert 0 <= min(rates) <= max(rates) <= PEAK
