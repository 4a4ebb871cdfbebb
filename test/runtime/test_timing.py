"""Rates and percentiles of the newest frames."""

from __future__ import annotations

import numpy as np
import pytest

from mem4d_ros.runtime.timing import Timing, TimingWindow


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_nothing_measured_yet(clock: Clock) -> None:
    assert TimingWindow(10, clock).summary() == Timing(0.0, 0.0, 0.0)


def test_one_frame_has_a_latency_but_no_rate(clock: Clock) -> None:
    window = TimingWindow(10, clock)
    window.add(0.2)
    assert window.summary() == Timing(0.0, 0.2, 0.2)


def test_rate_of_regular_frames(clock: Clock) -> None:
    window = TimingWindow(10, clock)
    for _ in range(25):
        clock.now += 0.125
        window.add(0.1)
    assert window.summary().rate_hz == pytest.approx(8)


def test_percentiles_are_of_the_window_only(clock: Clock) -> None:
    window = TimingWindow(100, clock)
    latencies = np.random.default_rng(0).uniform(0.01, 1, 250)
    for latency in latencies:
        clock.now += 1
        window.add(latency)
    newest = latencies[-100:]
    assert window.summary().latency_p50_s == pytest.approx(np.percentile(newest, 50))
    assert window.summary().latency_p95_s == pytest.approx(np.percentile(newest, 95))


def test_rate_falls_when_frames_cease(clock: Clock) -> None:
    window = TimingWindow(10, clock)
    for _ in range(10):
        clock.now += 0.1
        window.add(0.05)
    clock.now += 99.1
    assert window.summary().rate_hz == pytest.approx(10 / 100)
