"""A map's metre that wanders is told from views that differ."""

from __future__ import annotations

import numpy as np
import pytest

from mem4d_ros.mapping import ScaleDrift
from mem4d_ros.mapping.drift import FIRST_LOOKS, LAST_LOOKS, TOLERANCE

OWN = np.random.default_rng(0).uniform(1, 5, (6, 8))


def after(*ratios: float) -> float:
    """The drift after looks in which depth that was told is `ratios` times the own one."""
    drift = ScaleDrift()
    for ratio in ratios:
        drift.look(OWN * ratio, OWN)
    return drift.log


def test_an_own_metre_that_is_wrong_but_stays_is_none() -> None:
    assert after(*[7.0] * 30) == 0


@pytest.mark.parametrize("sign", [1, -1])
def test_it_is_what_the_told_depth_grew_by_less_the_tolerance(sign: int) -> None:
    grown = after(*[2.0] * FIRST_LOOKS, 2.0 * np.exp(sign * 0.5))
    assert grown == pytest.approx(sign * (0.5 - TOLERANCE))


def test_it_is_compared_with_the_first_looks_and_not_with_those_that_drifted() -> None:
    slowly = np.exp(np.linspace(0, 2, 100))
    reference = np.log(slowly[:FIRST_LOOKS]).mean()
    assert after(*slowly) == pytest.approx(2 - reference - TOLERANCE)


def test_nothing_is_said_of_what_views_differ_by() -> None:
    rng = np.random.default_rng(1)
    assert after(*np.exp(rng.uniform(-0.45, 0.45, 50) * TOLERANCE)) == 0


def test_the_own_metre_is_known_by_the_last_looks() -> None:
    drift = ScaleDrift()
    assert drift.log_metre == 0
    for ratio in (*[5.0] * 3, *[2.0] * LAST_LOOKS):
        drift.look(OWN * ratio, OWN)
    assert drift.log_metre == pytest.approx(np.log(2.0))


def test_a_map_that_is_made_larger_wanders_by_so_much() -> None:
    drift = ScaleDrift()
    for ratio in (*[2.0] * FIRST_LOOKS, 1.0):
        drift.look(OWN * ratio, OWN)
    drift.rescale(np.log(2.0))
    assert drift.log == 0  # a loop has brought it back
    assert drift.log_metre == pytest.approx((9 * np.log(4) + np.log(2)) / 10)


def test_unknown_pixels_and_a_few_wrong_ones_do_not_count() -> None:
    drift = ScaleDrift()
    drift.look(OWN, OWN)
    told = 2 * OWN
    told[0], told[1] = np.nan, 100 * OWN[1]
    for _ in range(FIRST_LOOKS):
        drift.look(OWN, OWN)
    drift.look(told, OWN)
    assert drift.log == pytest.approx(np.log(2) - TOLERANCE)
    drift.look(np.full_like(OWN, np.nan), OWN)
    assert drift.log == pytest.approx(np.log(2) - TOLERANCE)
