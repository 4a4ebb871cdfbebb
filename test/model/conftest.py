"""Small networks, built once."""

from __future__ import annotations

import pytest
from small_networks import SMALL_CONVOLUTIONAL, SMALL_VIT, small_model

from mem4d_ros.model import Mem4D


@pytest.fixture(scope="session", params=["vit", "efficientnet_lite"])
def model(request: pytest.FixtureRequest) -> Mem4D:
    """A small network with each kind of encoder."""
    config = {"vit": SMALL_VIT, "efficientnet_lite": SMALL_CONVOLUTIONAL}[request.param]
    return small_model(config)


@pytest.fixture(scope="session")
def vit_model() -> Mem4D:
    return small_model(SMALL_VIT)
