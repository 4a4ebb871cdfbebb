"""What tells places apart is of the features' direction, not of their number or strength."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mem4d_ros.model import MemorySizes, MemoryState
from mem4d_ros.runtime.places import mean_feature, place_of


def test_a_place_is_the_direction_of_the_mean() -> None:
    features = torch.rand(5, 3, 4)
    place = mean_feature(features)
    mean = features.numpy().mean((1, 2))
    assert np.linalg.norm(place) == pytest.approx(1)
    np.testing.assert_allclose(place, mean / np.linalg.norm(mean), rtol=1e-5)
    np.testing.assert_allclose(mean_feature(7 * features), place, rtol=1e-5)


def test_without_a_temporal_context_there_is_none() -> None:
    assert place_of(MemoryState(MemorySizes())) is None
