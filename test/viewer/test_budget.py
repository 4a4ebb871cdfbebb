"""Bytes: bounded on average, whatever the sizes of messages."""

from __future__ import annotations

import numpy as np
import pytest

from mem4d_ros.viewer.budget import BURST_S, ByteBudget


@pytest.mark.parametrize("size", [100, 5_000, 400_000])
def test_who_sends_whenever_there_is_something_left_keeps_to_the_rate(size: int) -> None:
    budget, sent = ByteBudget(100_000), 0
    seconds = 60.0
    for now in np.arange(0, seconds, 0.05):
        while budget.left(now) > 0:
            budget.spend(size)
            sent += size
    assert sent <= 100_000 * (seconds + BURST_S) + size
    assert sent >= 100_000 * (seconds - 1) - size


def test_silence_is_not_saved_up() -> None:
    budget = ByteBudget(1000)
    budget.left(0.0)
    assert budget.left(3600.0) == 1000 * BURST_S


@pytest.mark.parametrize("rate", [0, -1, float("nan")])
def test_a_rate_must_be_above_0(rate: float) -> None:
    with pytest.raises(ValueError, match="no rate above 0"):
        ByteBudget(rate)
