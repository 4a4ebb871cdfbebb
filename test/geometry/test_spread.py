from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import median_abs_deviation

from mem4d_ros.geometry import robust_deviation


def test_it_is_the_peers() -> None:
    values = np.random.default_rng(0).normal(size=1001)
    centred = values - np.median(values)
    peer = median_abs_deviation(values, scale="normal")
    assert robust_deviation(centred) == pytest.approx(peer, rel=1e-4)


def test_outliers_hardly_change_it() -> None:
    values = np.random.default_rng(0).normal(0, 2, size=10_000)
    values[:500] = 1e6
    assert robust_deviation(values) == pytest.approx(2, rel=0.1)
